/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its first bytes and not by what it is called: PDF, PNG and JPEG are known. Whether the rest can be
 * read is for whoever reads it; that it does no harm is seen to where it is shown (http/document.c). Pure. */
#ifndef EBB_DOMAIN_PAPER_H
#define EBB_DOMAIN_PAPER_H

#include <stddef.h>

/* The media type; NULL: none that is taken. */
const char *paper_type(const unsigned char *data, size_t size);

#endif
