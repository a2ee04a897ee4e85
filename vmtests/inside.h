/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside - lab-inside, the program that works in a lab guest; each verb is a function
 * here, with argv[0] being the verb. They return an exit status.
 */
#pragma once

/*
 * Carry out the operations of stdin (ops.h) and print their results; everything is given
 * back at the end, and what is still blocked then is answered at the last operation.
 */
int inside_ops(int argc, char **argv);
/* List the parts of /sys and /dev that are named, as fakesys/tree.h. */
int inside_tree(int argc, char **argv);
