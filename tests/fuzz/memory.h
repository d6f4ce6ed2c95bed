/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's own memory, from the C library and not from the sanitizer's allocator: it is not what is watched here, and
 * opening a database asks for thousands of pieces. */
#ifndef EBB_TESTS_FUZZ_MEMORY_H
#define EBB_TESTS_FUZZ_MEMORY_H

/* Before SQLite is used. */
void memory_choose(void);

#endif
