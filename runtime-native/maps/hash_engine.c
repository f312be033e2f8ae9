#include "hash_engine.h"

#include "../core/lock.h"
#include "../core/processor.h"
#include "../core/random.h"
#include "../core/string.h"
#include "../core/system.h"
#include "../core/thread.h"
#include "hash_chain.h"
#include "hash_evict.h"
#include "hash_pool.h"

#define KEY_AND_VALUE_LIMIT ((1u << 22) - 64) /* the kernel's largest element */
#define PERCPU_VALUE_LIMIT 32768u
#define BUCKETS_LOG_LIMIT 30u
#define LOCKS_LIMIT 4096u

static int check_definition(const struct bpftime_map *map, const struct hash_traits *traits)
{
	if ((map->flags & ~(traits->flags | BPF_F_NO_PREALLOC)) != 0)
		return -EINVAL;
	if ((map->flags & BPF_F_RDONLY_PROG) && (map->flags & BPF_F_WRONLY_PROG))
		return -EINVAL;
	if (traits->evicts && (map->flags & BPF_F_NO_PREALLOC))
		return -ENOTSUPP;
	if (map->max_entries == 0 || map->key_size == 0 || map->value_size == 0)
		return -EINVAL;
	if ((uint64_t)map->key_size + map->value_size >= KEY_AND_VALUE_LIMIT)
		return -E2BIG;
	if (traits->percpu && bpftime_value_stride(map->value_size) > PERCPU_VALUE_LIMIT)
		return -E2BIG;
	return 0;
}

/* Buckets are a power of two, at least twice the elements: most chains hold one element or none. */
static uint32_t buckets_log(uint32_t max_entries)
{
	uint32_t log = 1;

	while (log < BUCKETS_LOG_LIMIT && (1ull << log) < 2ull * max_entries)
		log++;
	return log;
}

int bpftime_hash_create(struct bpftime_map *map, const struct hash_traits *traits, uint64_t value_size)
{
	int error = check_definition(map, traits);
	enum bpftime_hash_head head = hash_head(traits);
	uint32_t cpus = traits->percpu ? bpftime_processor_count() : 1;
	uint32_t log = buckets_log(map->max_entries);
	uint32_t locks = 1u << log < LOCKS_LIMIT ? 1u << log : LOCKS_LIMIT;
	uint64_t element_size = bpftime_hash_value_offset(map->key_size, head) +
				(traits->percpu ? 0 : bpftime_value_stride(value_size));
	uint64_t elements = (uint64_t)map->max_entries + bpftime_hash_pool_spare(element_size);
	uint64_t locks_offset = round_up(sizeof(struct bpftime_hash) + (sizeof(uint32_t) << log), 64);
	uint64_t ring_offset = round_up(locks_offset + sizeof(bpftime_lock) * locks, 64);
	uint64_t elements_offset = round_up(ring_offset + sizeof(uint32_t) * elements, 64);
	uint64_t planes_offset = round_up(elements_offset + element_size * elements, BPFTIME_CPU_LINE);
	uint64_t plane_size =
		traits->percpu ? round_up(bpftime_value_stride(value_size) * elements, BPFTIME_CPU_LINE) : 0;
	struct bpftime_hash *hash;

	if (error)
		return error;
	/* Links are 31 bits of 8-byte units, element numbers 32 bits. */
	if (planes_offset / BPFTIME_HASH_UNIT >= BPFTIME_HASH_END || elements > UINT32_MAX)
		return -ENOMEM;
	hash = (struct bpftime_hash *)(void *)bpftime_map_region(map, planes_offset + plane_size * cpus,
								 elements_offset, cpus);
	if (!hash)
		return -ENOMEM;
	hash->seed = map->flags & BPF_F_ZERO_SEED ? 0 : bpftime_random();
	hash->bucket_shift = 64 - log;
	hash->bucket_count = 1u << log;
	hash->lock_mask = locks - 1;
	hash->element_units = (uint32_t)(element_size / BPFTIME_HASH_UNIT);
	hash->first_element = (uint32_t)(elements_offset / BPFTIME_HASH_UNIT);
	hash->element_count = (uint32_t)elements;
	hash->quarantine = (uint32_t)(elements - map->max_entries) / 2;
	hash->locks_offset = locks_offset;
	hash->ring_offset = ring_offset;
	hash->planes_offset = planes_offset;
	hash->plane_size = plane_size;
	map->state = hash;
	map->memory = hash;
	return 0;
}

char *bpftime_hash_lookup_any(const struct bpftime_map *map, enum bpftime_hash_head head, const void *key)
{
	return bpftime_hash_find(hash_of(map), key, map->key_size, head);
}

/* Writes the key of an element that is in no chain, so that no search takes it for another. */
static void set_key(char *element, const struct bpftime_map *map, const struct hash_traits *traits,
		    const void *key, uint64_t hashed)
{
	enum bpftime_hash_head head = hash_head(traits);
	char *stored = element + bpftime_hash_key_offset(map->key_size, head);
	uint64_t whole = map->key_size & ~7u;

	if (map->key_size <= 4) {
		__atomic_store_n((uint32_t *)(void *)stored, (uint32_t)bpftime_small_key(key, map->key_size),
				 __ATOMIC_RELAXED);
		return;
	}
	if (map->key_size <= 8) {
		__atomic_store_n((uint64_t *)(void *)stored, bpftime_small_key(key, map->key_size),
				 __ATOMIC_RELAXED);
		return;
	}
	__atomic_store_n(bpftime_hash_tag(element), 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(stored, key, whole);
	if (map->key_size != whole)
		*(uint64_t *)(void *)(stored + whole) =
			bpftime_small_key((const char *)key + whole, map->key_size - whole);
	__atomic_store_n(bpftime_hash_tag(element), bpftime_hash_make_tag(hashed), __ATOMIC_RELEASE);
}

/* Takes an element for a key whose bucket is locked, evicting another one if the type does that. */
static int take_element(struct bpftime_hash *hash, const struct hash_traits *traits, uint64_t self,
			uint32_t held_lock, bool replacing, uint32_t *link)
{
	for (;;) {
		int error = bpftime_hash_pool_take(hash, self, replacing, link);

		if (error == -E2BIG && traits->evicts) {
			error = bpftime_hash_evict(hash, self, held_lock);
			if (error)
				return error;
		} else if (error == -EAGAIN) {
			system_yield();
		} else {
			return error;
		}
	}
}

static long check_exists(const char *old, uint64_t flags)
{
	if (old && flags == BPF_NOEXIST)
		return -EEXIST;
	return !old && flags == BPF_EXIST ? -ENOENT : 0;
}

/* A bucket that is locked for writing one key. */
struct place {
	struct bpftime_hash *hash;
	uint64_t hashed;
	uint64_t self;
	uint32_t bucket;
	uint32_t lock;
	char *old; /* the key's element, if there is one */
};

static int enter(struct place *place, const struct bpftime_map *map, const struct hash_traits *traits,
		 const void *key)
{
	struct bpftime_hash *hash = hash_of(map);
	int error;

	place->hash = hash;
	place->hashed = bpftime_hash(key, map->key_size, hash->seed);
	place->self = bpftime_thread_token();
	place->bucket = (uint32_t)(place->hashed >> hash->bucket_shift);
	place->lock = place->bucket & hash->lock_mask;
	error = bpftime_lock_take(bpftime_hash_lock(hash, place->lock), place->self);
	if (error)
		return error;
	place->old = bpftime_hash_find_hashed(hash, key, map->key_size, place->hashed, hash_head(traits));
	return 0;
}

static void leave(struct place *place)
{
	bpftime_lock_release(bpftime_hash_lock(place->hash, place->lock));
}

/* Takes an element for the key and writes all but its value; it is in no chain yet. */
static int make_element(struct place *place, const struct bpftime_map *map,
			const struct hash_traits *traits, const void *key, uint32_t *link)
{
	struct bpftime_hash *hash = place->hash;
	int error = take_element(hash, traits, place->self, place->lock, place->old && !traits->percpu, link);
	char *element;

	if (error)
		return error;
	element = bpftime_hash_element(hash, *link);
	set_key(element, map, traits, key, place->hashed);
	if (hash_head(traits) == BPFTIME_HASH_WIDE) {
		*bpftime_hash_index(element) = (*link - hash->first_element) / hash->element_units;
		__atomic_store_n(bpftime_hash_use(element), BPFTIME_HASH_IDLE, __ATOMIC_RELAXED);
	}
	return 0;
}

long bpftime_hash_update(const struct bpftime_map *map, const struct hash_traits *traits, const void *key,
			 const void *value, uint64_t value_size, uint64_t flags)
{
	struct place place;
	uint32_t link;
	char *element;
	long error;

	/* Values with a spin lock inside, which BPF_F_LOCK is for, are not part of the runtime. */
	if (flags > BPF_EXIST)
		return -EINVAL;
	error = enter(&place, map, traits, key);
	if (error)
		return error;
	error = check_exists(place.old, flags);
	if (!error)
		error = make_element(&place, map, traits, key, &link);
	if (!error) {
		element = bpftime_hash_element(place.hash, link);
		memcpy(element + bpftime_hash_value_offset(map->key_size, hash_head(traits)), value, value_size);
		/* The new one first: a search that runs meanwhile finds one of the two. */
		bpftime_hash_link(place.hash, place.bucket, link);
		if (place.old) {
			uint32_t old = bpftime_hash_link_of(place.hash, place.old);

			/* Cannot fail: this thread just had the pool's lock. */
			bpftime_hash_pool_lock(place.hash, place.self);
			bpftime_hash_unlink(place.hash, place.bucket, old, hash_head(traits));
			bpftime_hash_pool_give(place.hash, old, false);
		}
	}
	leave(&place);
	return error;
}

/* Sets values of a per-CPU element; of a new one all, zero where no value is given. */
static void set_cpu_values(const struct bpftime_map *map, char *element, const char *values, bool all,
			   bool new)
{
	uint64_t stride = bpftime_value_stride(map->value_size);
	uint32_t current = bpftime_processor_current();

	for (uint32_t cpu = 0; cpu < hash_of(map)->header.cpu_count; cpu++) {
		char *slot = bpftime_hash_cpu_value(hash_of(map), element, map->value_size, cpu);

		if (all)
			memcpy(slot, values + stride * cpu, map->value_size);
		else if (cpu == current)
			memcpy(slot, values, map->value_size);
		else if (new)
			memset(slot, 0, stride);
	}
}

long bpftime_hash_update_cpu(const struct bpftime_map *map, const struct hash_traits *traits,
			     const void *key, const void *values, bool all, uint64_t flags)
{
	struct place place;
	uint32_t link;
	long error;

	if (flags > BPF_EXIST)
		return -EINVAL;
	error = enter(&place, map, traits, key);
	if (error)
		return error;
	error = check_exists(place.old, flags);
	if (!error && place.old) {
		set_cpu_values(map, place.old, values, all, false);
	} else if (!error) {
		error = make_element(&place, map, traits, key, &link);
		if (!error) {
			set_cpu_values(map, bpftime_hash_element(place.hash, link), values, all, true);
			bpftime_hash_link(place.hash, place.bucket, link);
		}
	}
	leave(&place);
	return error;
}

long bpftime_hash_remove(const struct bpftime_map *map, const struct hash_traits *traits, const void *key)
{
	struct place place;
	long error = enter(&place, map, traits, key);

	if (error)
		return error;
	error = place.old ? bpftime_hash_pool_lock(place.hash, place.self) : -ENOENT;
	if (!error) {
		uint32_t old = bpftime_hash_link_of(place.hash, place.old);

		bpftime_hash_unlink(place.hash, place.bucket, old, hash_head(traits));
		bpftime_hash_pool_give(place.hash, old, true);
	}
	leave(&place);
	return error;
}
