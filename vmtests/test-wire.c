/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "vmtests/wire.h"

/* Bytes that are sent in one call, and received in as many as it takes. */
struct wire_case {
	const char *name;
	size_t len;
	size_t part; /* received at once; 0: all */
};

/* clang-format off */
static const struct wire_case cases[] = {
	{ "nothing", 0, 0 },
	{ "one byte", 1, 0 },
	{ "one structure", sizeof(struct wire_request), 0 },
	{ "more than a socket holds", (size_t)5 << 20, 0 },
	{ "in small parts", (size_t)1 << 20, 4093 },
};
/* clang-format on */

struct sender {
	int fd;
	const uint8_t *data;
	size_t len;
	int result;
};

static void *work(void *arg)
{
	struct sender *s = arg;

	s->result = wire_send(s->fd, s->data, s->len);
	return NULL;
}

static void test_wire(void **state)
{
	const struct wire_case *c = *state;
	uint8_t *sent = calloc(1, c->len + 1), *got = calloc(1, c->len + 1);
	size_t part = c->part ? c->part : c->len;
	struct sender s = { .data = sent, .len = c->len, .result = 1 };
	uint64_t seed = c->len;
	pthread_t thread;
	int fds[2];

	assert_non_null(sent);
	assert_non_null(got);
	for (size_t i = 0; i < c->len; i++)
		sent[i] = (uint8_t)splitmix64(&seed);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	s.fd = fds[0];
	assert_int_equal(pthread_create(&thread, NULL, work, &s), 0);
	for (size_t at = 0; at < c->len; at += part)
		assert_int_equal(wire_receive(fds[1], got + at,
					      part < c->len - at ? part : c->len - at),
				 0);
	pthread_join(thread, NULL);
	assert_int_equal(s.result, 0);
	assert_memory_equal(sent, got, c->len + 1);
	close(fds[0]);
	close(fds[1]);
	free(sent);
	free(got);
}

/* The other end goes after some bytes of a message. */
static void test_closed(void **state)
{
	char data[8] = "1234567";
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(wire_send(fds[0], data, 3), 0);
	close(fds[0]);
	assert_int_equal(wire_receive(fds[1], data, sizeof(data)), -EPIPE);
	assert_int_equal(wire_receive(fds[1], data, 1), -EPIPE);
	assert_int_equal(wire_send(fds[1], data, sizeof(data)), -EPIPE);
	assert_int_equal(wire_receive(fds[1], data, 0), 0);
	close(fds[1]);
}

/* What cannot be sent or received in time is an error, not half a message. */
static void test_limit(void **state)
{
	size_t len = (size_t)5 << 20;
	char *data = calloc(1, len);
	int fds[2];

	(void)state;
	assert_non_null(data);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
		0);
	assert_int_equal(wire_send(fds[0], data, len), -EAGAIN);
	assert_int_equal(wire_receive(fds[1], data, len), -EAGAIN);
	close(fds[0]);
	close(fds[1]);
	free(data);
}

static void test_no_file(void **state)
{
	char data = 0;

	(void)state;
	assert_int_equal(wire_send(-1, &data, 1), -EBADF);
	assert_int_equal(wire_receive(-1, &data, 1), -EBADF);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 3];
	size_t n = 0;

	signal(SIGPIPE, SIG_IGN); /* as the programs do */
	for (; n < ARRAY_SIZE(cases); n++)
		tests[n] = (struct CMUnitTest){ .name = cases[n].name,
						.test_func = test_wire,
						.initial_state =
							(void *)(uintptr_t)&cases[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_closed);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_limit);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_no_file);
	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
