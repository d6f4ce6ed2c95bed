/* SPDX-License-Identifier: Apache-2.0 */
/* ebb policy: is a policy file sound, and what does it say? Neither needs a database or a server.
 *
 *   ebb policy check FILE...                     one line a mistake: FILE:LINE: KEY: what was expected
 *   ebb policy explain NAME|FILE [--lang en|zh]  the rules in sentences
 *
 * A NAME is one of the policies that the program carries. Exit status: 0 sound, 1 mistakes found, 2 unreadable or misused. */
#ifndef EBB_CLI_POLICY_H
#define EBB_CLI_POLICY_H

int policy_main(int argc, char **argv);

#endif
