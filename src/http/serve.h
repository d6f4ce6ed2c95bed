/* SPDX-License-Identifier: Apache-2.0 */
/* `ebb serve`: chooses the implementations, wires them, runs until SIGTERM or SIGINT, and then drains. */
#ifndef EBB_HTTP_SERVE_H
#define EBB_HTTP_SERVE_H

int serve_main(int argc, char **argv);

#endif
