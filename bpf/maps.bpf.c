// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bpf/maps.bpf.h"
#include "bpf/flows.bpf.h"
#include "bpf/windows.bpf.h"

#include <stdbool.h>

struct slot_by_ifindex_map slot_by_ifindex SEC(".maps");
struct slot_by_high_ifindex_map slot_by_high_if SEC(".maps");
struct slot_by_netns_map slot_by_netns SEC(".maps");
struct traffic_totals_map traffic_totals SEC(".maps");
struct drop_totals_map drop_totals SEC(".maps");
struct drop_kinds_map drop_kinds SEC(".maps");
struct waypoints_map waypoints SEC(".maps");
struct open_windows_map open_windows SEC(".maps");
struct window_logs_map window_logs SEC(".maps");
struct flow_logs_map flow_logs SEC(".maps");
struct retransmit_logs_map retransmit_logs SEC(".maps");
struct instance_state_map ifpulse_state SEC(".maps");

const volatile __u64 window_width_ns = 0;
const volatile __u64 window_wall_offset_ns = 0;
const volatile __u32 window_slots = 1;
const volatile __u32 window_log_records = 1;
const volatile __u32 window_cpus = 1;
const volatile __u32 flow_log_records = 1;
const volatile bool has_netns_cookies = false;
const volatile __u32 probed_netns_inum = 0;
const volatile bool has_other_netns = false;

char LICENSE[] SEC("license") = "Dual BSD/GPL";
