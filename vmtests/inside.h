/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside - lab-inside, the program that works in a lab guest: each verb of it is one
 * function here. argv[0] is the verb, what follows are its arguments, argv[argc] is NULL.
 * They return an exit status.
 */
#pragma once

/* Does nothing and is not needed: inside-ops.c loads it and takes it away again. */
#define INSIDE_SETTLE_MODULE "nls_ascii"

/* Serve the guest as a struct host (wire.h) until the other end is gone. */
int inside_host(int argc, char **argv);
/* A shell for the person at the other end of the same port. */
int inside_shell(int argc, char **argv);
/*
 * Carry out the operations of stdin (ops.h) and print their results; everything is given
 * back at the end, and what is still blocked then is answered at the last operation.
 */
int inside_ops(int argc, char **argv);
/*
 * "save FILE": what stands in the headers of all functions. "restore FILE": and put it
 * back where it does not stand any more.
 */
int inside_config(int argc, char **argv);
/* List the parts of /sys and /dev that are named, as fakesys/tree.h. */
int inside_tree(int argc, char **argv);
/*
 * Use a function through VFIO, or show that the kernel refuses to. Prints TAP; 0: all is
 * as it has to be, 1: something is not, 2: wrong usage, which is printed to stderr.
 */
int inside_vfio(int argc, char **argv);
