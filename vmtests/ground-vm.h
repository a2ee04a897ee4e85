/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ground-vm - scenarios on a real kernel: a guest of the rig that the scenario's fixture
 * was captured in. Its name says which: "rig-6.12-intel-seabios-e". The engine works on
 * it from here, by lab-inside. Files survive a reboot of the guest, but no power cut: it
 * has no disk.
 */
#pragma once

#include "scenarios/scenario.h"
#include "vmtests/rig.h"

struct ground_vm {
	const struct lab *lab;
	struct guests *gs;
	void *state; /* of the ground; NULL at first and when it was stopped */
};
/* @v is borrowed. `start` gives 77 with @e for a fixture of another machine. */
struct ground ground_vm(struct ground_vm *v);

/* Write the fixture of @r, as for a scenario: a saved guest's capture with its name. */
int ground_vm_capture(struct guests *gs, struct rig *r, const char *path, struct err *e);
