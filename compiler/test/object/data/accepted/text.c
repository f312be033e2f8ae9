// Code for an embedded interpreter: no SEC() anywhere, functions in .text.
typedef unsigned char u8;
typedef unsigned long u64;

u64 checksum(const u8 *memory, u64 size);

u64 entry(const u8 *memory, u64 size)
{
	return checksum(memory, size) * 31;
}

__attribute__((noinline)) u64 checksum(const u8 *memory, u64 size)
{
	u64 sum = 0;
	for (u64 index = 0; index < size; index++)
		sum += memory[index];
	return sum;
}
