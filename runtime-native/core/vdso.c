/*
 * Finds a symbol in the vDSO's ELF image by its dynamic segment. The image comes from the kernel and
 * is trusted; what may differ is which tables are there.
 */
#include "vdso.h"

#include "auxiliary.h"
#include "text.h"

#define SEGMENT_LOAD 1
#define SEGMENT_DYNAMIC 2

#define DYNAMIC_HASH 4
#define DYNAMIC_STRINGS 5
#define DYNAMIC_SYMBOLS 6
#define DYNAMIC_GNU_HASH 0x6ffffef5

struct elf_header {
	unsigned char identification[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments_offset, sections_offset;
	uint32_t flags;
	uint16_t header_size, segment_size, segment_count, section_size, section_count, names;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, alignment;
};

struct elf_dynamic {
	int64_t tag;
	uint64_t value;
};

struct elf_symbol {
	uint32_t name;
	unsigned char information, other;
	uint16_t section;
	uint64_t value, size;
};

/* Tables of the image, at their addresses in this process. */
struct image {
	uintptr_t bias;
	const struct elf_symbol *symbols;
	const char *strings;
	const uint32_t *hash;
	const uint32_t *gnu_hash;
};

static bool find_tables(uintptr_t address, struct image *image)
{
	const struct elf_header *header = (const void *)address;
	const struct elf_segment *segment = (const void *)(address + header->segments_offset);
	const struct elf_dynamic *dynamic = NULL;
	bool loaded = false;

	for (uint32_t i = 0; i < header->segment_count; i++, segment++) {
		if (segment->type == SEGMENT_LOAD && !loaded) {
			image->bias = address + segment->offset - segment->address;
			loaded = true;
		} else if (segment->type == SEGMENT_DYNAMIC) {
			dynamic = (const void *)(address + segment->offset);
		}
	}
	if (!loaded || !dynamic)
		return false;
	for (; dynamic->tag != 0; dynamic++) {
		const void *table = (const void *)(image->bias + dynamic->value);

		switch (dynamic->tag) {
		case DYNAMIC_HASH:
			image->hash = table;
			break;
		case DYNAMIC_GNU_HASH:
			image->gnu_hash = table;
			break;
		case DYNAMIC_STRINGS:
			image->strings = table;
			break;
		case DYNAMIC_SYMBOLS:
			image->symbols = table;
			break;
		}
	}
	return image->strings && image->symbols && (image->hash || image->gnu_hash);
}

/* The old hash table knows the number of symbols; in the new one it is where the last chain ends. */
static uint32_t count_symbols(const struct image *image)
{
	uint32_t count = 0;
	uint32_t bucket_count, first, bloom_words;
	const uint32_t *buckets, *chains;

	if (image->hash)
		return image->hash[1];
	bucket_count = image->gnu_hash[0];
	first = image->gnu_hash[1];
	bloom_words = image->gnu_hash[2];
	buckets = image->gnu_hash + 4 + 2 * bloom_words;
	chains = buckets + bucket_count;
	for (uint32_t i = 0; i < bucket_count; i++)
		if (buckets[i] > count)
			count = buckets[i];
	if (count < first)
		return first;
	while ((chains[count - first] & 1) == 0)
		count++;
	return count + 1;
}

void *bpftime_vdso_function(const char *name)
{
	struct image image = {0};
	uintptr_t address = name ? bpftime_auxiliary_value(BPFTIME_AUXILIARY_VDSO) : 0;

	if (address == 0 || !find_tables(address, &image))
		return NULL;
	for (uint32_t i = 0, count = count_symbols(&image); i < count; i++) {
		const struct elf_symbol *symbol = &image.symbols[i];

		if (symbol->section != 0 && bpftime_string_equal(image.strings + symbol->name, name))
			return (void *)(image.bias + symbol->value);
	}
	return NULL;
}
