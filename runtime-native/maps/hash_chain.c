#include "hash_chain.h"

void bpftime_hash_link(struct bpftime_hash *hash, uint32_t bucket, uint32_t link)
{
	uint32_t first = hash->buckets[bucket];

	if (first == 0)
		first = BPFTIME_HASH_END | bucket;
	__atomic_store_n(bpftime_hash_next(bpftime_hash_element(hash, link)), first, __ATOMIC_RELAXED);
	__atomic_store_n(&hash->buckets[bucket], link, __ATOMIC_RELEASE);
}

bool bpftime_hash_unlink(struct bpftime_hash *hash, uint32_t bucket, uint32_t link,
			 enum bpftime_hash_head head)
{
	uint32_t *from = &hash->buckets[bucket];

	while (*from != link) {
		if (!bpftime_hash_is_element(*from))
			return false;
		from = bpftime_hash_next(bpftime_hash_element(hash, *from));
	}
	__atomic_store_n(from, *bpftime_hash_next(bpftime_hash_element(hash, link)), __ATOMIC_RELEASE);
	if (head == BPFTIME_HASH_WIDE)
		__atomic_store_n(bpftime_hash_use(bpftime_hash_element(hash, link)), BPFTIME_HASH_FREE,
				 __ATOMIC_RELAXED);
	return true;
}
