/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside - lab-inside, the program that runs in the lab's guests: each verb of it is one
 * function here. argv[0] is the verb, what follows are its arguments, argv[argc] is NULL.
 */
#pragma once

/*
 * Use a function through VFIO, or show that the kernel refuses to. Prints TAP; 0: all is
 * as it has to be, 1: something is not, 2: wrong usage, which is printed to stderr.
 */
int inside_vfio(int argc, char **argv);
