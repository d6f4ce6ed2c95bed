/* SPDX-License-Identifier: Apache-2.0 */
#include "http/demo_seed.h"

enum err demo_seed(struct engine *engine, struct store *reader, char ret_reason[256])
{
    (void)engine, (void)reader, (void)ret_reason;
    return ERR_NONE;
}
