/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vmtests/domain.h"

#define SCHEMA "/usr/share/libvirt/schemas/domain.rng"
#define RUN_MS 120000

static const char *source; /* of vmtests/ */
static char dir[] = "/tmp/test-domain.XXXXXX";

static const struct lab_kernel kernel = { "6.12", "6.12.1", "/k/vm&linuz", "/k/modules" };
static const struct lab_image image = { "/cache/initrd", 42, 1000 };
static const struct domain_run cold = { "n<1>", "/run/console", "/run/nvram", "/run/port",
					NULL };
static const struct domain_run saved = { "n2", "/run/2", "/run/nvram2", "/run/port2",
					 "/cache/it's.state" };

/* A domain, and what its XML has or has not. */
struct fact_case {
	const char *name, *topology, *iommu, *firmware;
	struct domain d; /* what differs from the usual one */
	const struct domain_run *run;
	const char *has[5], *has_not[3];
};

#define PCI(bus, slot, fn)                                                               \
	"<address type='pci' domain='0' bus='" bus "' slot='" slot "' function='" fn "'"
#define PORT(index, name, alias)                                                         \
	"<controller type='pci' index='" index "' model='pcie-root-port'><model "        \
	"name='" name "'/><target chassis='" index "' port='0x" index                    \
	"'/><alias name='ua-" alias "'/>"

/* clang-format off */
static const struct fact_case facts[] = {
	{ "ports are numbered as libvirt's buses", "a", .run = &cold, .has = {
		PORT("1", "pcie-root-port", "rp1") PCI("0", "4", "0") " multifunction='on'/></controller>",
		"<rom enabled='no'/>" PCI("1", "0", "1") "/></interface>", PORT("2", "pcie-root-port", "rp2") PCI("0", "4", "1"),
		"<rom enabled='no'/>" PCI("2", "0", "0"), "&quot;driver&quot;:&quot;edu&quot;,&quot;addr&quot;:&quot;1.0&quot;,&quot;bus&quot;:&quot;ua-br1&quot;" } },
	{ "a switch: the upstream port has no chassis", "a", .run = &cold, .has = {
		"model='pcie-switch-upstream-port'><model name='x3130-upstream'/><alias name='ua-up1'/>",
		"model='pcie-switch-downstream-port'><model name='xio3130-downstream'/><target chassis='", "name='ua-dn2'/>" } },
	{ "only a port without ACS is overridden", "a", .run = &cold, .has = {
		"<qemu:override>\n<qemu:device alias='ua-rp3'><qemu:frontend><qemu:property name='disable-acs' type='bool' "
		"value='true'/></qemu:frontend></qemu:device>\n</qemu:override>" } },
	{ "all ports have ACS", "d", .run = &cold, .has_not = { "qemu:override", "disable-acs" } },
	{ "a disk with data", "nested", .d.data = "/cache/da'ta,1", .run = &cold, .has = {
		"value='if=none,id=data3,format=raw,readonly=on,file=/cache/da&#39;ta,,1'",
		"&quot;drive&quot;:&quot;data3&quot;,&quot;serial&quot;:&quot;pcipass-data&quot;" } },
	{ "no disk, no data", "d", .d.data = "/cache/data", .run = &cold, .has_not = { "-drive", "/cache/data" } },
	{ "options of QEMU's own", "a", .run = &cold, .has = { "&quot;sriov_max_vfs&quot;:4" } },
	{ "addresses of cards are their places", "nested", .run = &cold, .has = {
		"<mac address='52:54:00:70:63:00'/>", "<mac address='52:54:00:70:63:02'/>" } },
	{ "AMD's IOMMU is QEMU's", "d", .run = &cold, .has = {
		"{&quot;driver&quot;:&quot;amd-iommu&quot;,&quot;intremap&quot;:&quot;on&quot;}", "<ioapic driver='qemu'/>" }, .has_not = { "<iommu ", "intel_iommu" } },
	{ "Intel's", "nested", .run = &cold, .has = { "<iommu model='intel'><driver intremap='on' caching_mode='on'/>", " intel_iommu=on" },
	  .has_not = { "amd-iommu" } },
	{ "it does not remap interrupts", "e", .run = &cold, .has = { "intremap='off'" } },
	{ "virtio's", "nested", "virtio", .run = &cold, .has = { "<iommu model='virtio'>" PCI("0", "1", "0") }, .has_not = { "ioapic", "intel_iommu" } },
	{ "no IOMMU", "nested", "none", .run = &cold, .has_not = { "iommu" } },
	{ "SeaBIOS", "d", .run = &cold, .has_not = { "pflash", "nvram", "OVMF" } },
	{ "OVMF", "d", .firmware = "ovmf", .run = &cold, .has = { "type='pflash'>/usr/share/OVMF/", "/run/nvram</nvram>" } },
	{ "a cold start", "d", .run = &cold, .has = { "<name>n&lt;1&gt;</name>", "<kernel>/k/vm&amp;linuz</kernel>", "<source path='/run/console'/>", "path='/run/port'/>" },
	  .has_not = { "-incoming" } },
	{ "a saved guest", "d", .run = &saved, .has = { "<qemu:arg value='-incoming'/><qemu:arg value='exec:cat &#39;/cache/it&#39;\\&#39;&#39;s.state&#39;'/>" } },
	{ "TCG", "d", .run = &cold, .has = { "<domain type='qemu' ", "<cpu mode='maximum'/>", "<memory unit='MiB'>512</memory><vcpu>1</vcpu>" } },
	{ "KVM, and more of all", "d", .d = { .kvm = true, .mib = 2048, .cpus = 3, .cmdline = "a=\"<b>\"" }, .run = &cold, .has = {
		"<domain type='kvm' ", "<cpu mode='host-passthrough'/>", "<memory unit='MiB'>2048</memory><vcpu>3</vcpu>", " pcie_port_pm=off a=&quot;&lt;b&gt;&quot;</cmdline>" } },
	{ "nothing is shared", "d", .run = &cold, .has_not = { "<filesystem" } },
	{ "a share", "d", .d.share = "/a&b", .run = &cold, .has = { "<source dir='/a&amp;b'/><target dir='host'/><readonly/>" PCI("0", "29", "0") } },
};
/* clang-format on */

static void load(struct lab *l, const char *name, const char *iommu, const char *firmware,
		 struct lab_topology *t)
{
	struct err e = { "" };

	*l = (struct lab){ .arena = arena_new(), .data = source };
	if (topology_load(l, name, t, &e) < 0 ||
	    topology_change(t, iommu, firmware, &e) < 0)
		fail_msg("%s", e.text);
}

static struct domain domain(const struct lab_topology *t, const struct domain *differs)
{
	struct domain d = *differs;

	d.topology = t;
	d.kernel = &kernel;
	d.image = &image;
	d.cmdline = d.cmdline ? d.cmdline : "";
	d.data = d.data ? d.data : "/cache/data";
	d.mib = d.mib ? d.mib : 512;
	d.cpus = d.cpus ? d.cpus : 1;
	return d;
}

static void test_fact(void **state)
{
	const struct fact_case *c = *state;
	struct lab_topology t;
	struct domain d;
	struct lab l;
	char *xml;

	load(&l, c->topology, c->iommu, c->firmware, &t);
	d = domain(&t, &c->d);
	xml = domain_xml(&d, c->run);
	for (size_t i = 0; i < ARRAY_SIZE(c->has) && c->has[i]; i++)
		if (!strstr(xml, c->has[i]))
			fail_msg("no %s in\n%s", c->has[i], xml);
	for (size_t i = 0; i < ARRAY_SIZE(c->has_not) && c->has_not[i]; i++)
		if (strstr(xml, c->has_not[i]))
			fail_msg("%s in\n%s", c->has_not[i], xml);
	free(xml);
	topology_done(&t);
	arena_free(l.arena);
}

static void write_xml(struct arena *a, const struct domain *d, strings *ret)
{
	const char *path = arena_printf(a, "%s/%zu.xml", dir, ret->n);
	char *xml = domain_xml(d, ret->n % 2 ? &saved : &cold);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_non_null(xml);
	fputs(xml, f);
	fclose(f);
	free(xml);
	*vec_push(a, ret) = path;
}

/* Every topology with every IOMMU and firmware is what libvirt's schema says. */
static void test_valid(void **state)
{
	struct lab l = { .arena = arena_new(), .data = source };
	bool schema = access(SCHEMA, R_OK) == 0;
	strings argv = { 0 }, files = { 0 };
	const char *out;
	struct err e = { "" };
	glob_t g;

	(void)state;
	assert_int_equal(
		glob(arena_printf(l.arena, "%s/topologies/*.json", source), 0, NULL, &g),
		0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		for (const char *const *v = topology_iommus; *v; v++)
			for (const char *const *f = topology_firmwares; *f; f++) {
				const struct domain none = { .share = i % 2 ? "/" : NULL,
							     .kvm = i % 3 == 0 };
				struct lab_topology t;
				struct domain d;
				struct lab own;

				load(&own, g.gl_pathv[i], *v, *f, &t);
				d = domain(&t, &none);
				write_xml(l.arena, &d, &files);
				topology_done(&t);
				arena_free(own.arena);
			}
	globfree(&g);
	assert_true(files.n >= (size_t)9 * 4 * 2);
	*vec_push(l.arena, &argv) = "xmllint";
	*vec_push(l.arena, &argv) = "--noout";
	if (schema) {
		*vec_push(l.arena, &argv) = "--relaxng";
		*vec_push(l.arena, &argv) = SCHEMA;
	}
	vec_foreach(file, &files)
		*vec_push(l.arena, &argv) = *file;
	(void)vec_push(l.arena, &argv);
	if (lab_run(&l, argv.v, RUN_MS, &out, &e) < 0)
		fail_msg("%s", e.text);
	vec_foreach(file, &files)
		(void)unlink(*file);
	arena_free(l.arena);
}

static void no_xmllint(void **state)
{
	(void)state;
	print_message("no xmllint here\n");
	skip();
}

/* It changes with what a saved guest depends on, and with nothing else. */
static void test_sum(void **state)
{
	const struct lab_image other_image = { "/cache/initrd", 43, 1000 };
	struct lab_topology t, other;
	struct lab l, m;
	struct domain d, same, changed[6];
	size_t n = 0;

	(void)state;
	load(&l, "a", NULL, NULL, &t);
	load(&m, "a", NULL, NULL, &other);
	d = domain(&t, &(struct domain){ 0 });
	same = domain(&other, &(struct domain){ 0 });
	assert_true(domain_sum(&d) == domain_sum(&same));
	changed[n++] = domain(&t, &(struct domain){ .mib = 513 });
	changed[n++] = domain(&t, &(struct domain){ .cmdline = "quiet" });
	changed[n++] = domain(&t, &(struct domain){ .kvm = true });
	changed[n] = d;
	changed[n++].image = &other_image;
	for (size_t i = 0; i < n; i++)
		assert_true(domain_sum(&d) != domain_sum(&changed[i]));
	other.devices.v[1].slot++;
	assert_true(domain_sum(&d) != domain_sum(&same));
	other.devices.v[1].slot--;
	assert_int_equal(topology_change(&other, "virtio", NULL, NULL), 0);
	assert_true(domain_sum(&d) != domain_sum(&same));
	topology_done(&t);
	topology_done(&other);
	arena_free(l.arena);
	arena_free(m.arena);
}

static void test_mac(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(domain_mac(a, 0), "52:54:00:70:63:00");
	assert_string_equal(domain_mac(a, 11), "52:54:00:70:63:0b");
	arena_free(a);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(facts) + 3];
	bool xmllint = system("xmllint --version >/dev/null 2>&1") == 0;
	size_t n = 0;
	int r;

	if (argc != 2 || !mkdtemp(dir)) {
		fputs("usage: test-domain SOURCE-OF-VMTESTS\n", stderr);
		return 1;
	}
	source = argv[1];
	for (; n < ARRAY_SIZE(facts); n++)
		tests[n] = (struct CMUnitTest){ .name = facts[n].name,
						.test_func = test_fact,
						.initial_state =
							(void *)(uintptr_t)&facts[n] };
	tests[n++] =
		(struct CMUnitTest){ .name = "what libvirt's schema says",
				     .test_func = xmllint ? test_valid : no_xmllint };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_sum);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_mac);
	r = cmocka_run_group_tests_name("domain", tests, NULL, NULL);
	(void)rmdir(dir);
	return r;
}
