/* Helpers on strings. */
#include "helper.h"

/* Compares like strncmp, but `second` is the one that ends with a zero. */
HELPER_FUNCTION(strncmp, const char *first, uint64_t size, const char *second)
{
	for (uint32_t i = 0; i < (uint32_t)size; i++) {
		int difference = (unsigned char)first[i] - (unsigned char)second[i];

		if (difference != 0)
			return (uint64_t)(int64_t)(difference < 0 ? -1 : 1);
		if (first[i] == 0)
			break;
	}
	return 0;
}
