extension MetricsRegistry {
    /// Upper bounds of times, in seconds.
    private static let times = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// All metrics that there are; docs/monitoring.md has the same table.
    public static let families: [MetricFamily] = [
        // Calls
        MetricFamily("tern_calls", .gauge, "Calls at the moment, by state: setting_up, answered."),
        MetricFamily(
            "tern_calls_total", .counter,
            "Calls that have ended, by caller (phone, browser, trunk), and result (answered, busy, cancelled, declined, "
                + "no_answer, not_found, refused, failed)."),
        MetricFamily("tern_calls_refused_total", .counter, "Calls that were refused before they had a party: by a route, a limit or missing proof, challenges included; by status."),
        MetricFamily(
            "tern_call_setup_seconds", .histogram(times),
            "Time from the beginning of a call to its ringing, its answer and its first media, by stage."),
        MetricFamily("tern_transfers_total", .counter, "Transfers that are over, by who asked (phone: REFER, browser, or replaces: an INVITE with Replaces), and result (succeeded, failed, or refused: not tried)."),
        MetricFamily(
            "tern_call_duration_seconds", .histogram([1, 5, 15, 30, 60, 180, 600, 1_800, 3_600, 14_400]),
            "Time from the answer of a call to its end."),
        // Media
        MetricFamily("tern_sessions", .gauge, "Media sessions at the moment."),
        MetricFamily("tern_sessions_up_seconds", .histogram(times), "Time from the first offer of a session to its media being up."),
        MetricFamily("tern_rtp_packets_total", .counter, "RTP packets of sessions that have ended, by direction (received, sent) and medium."),
        MetricFamily(
            "tern_rtp_lost_packets_total", .counter,
            "Lost RTP packets of sessions that have ended, by direction and medium; of what was sent as the receiver reports it."),
        MetricFamily(
            "tern_rtp_jitter_seconds", .histogram([0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25]),
            "Jitter (RFC 3550) of what a side sent, at the end of its session, by medium."),
        MetricFamily(
            "tern_rtp_loss_ratio", .histogram([0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]),
            "Share of lost packets of what a side sent, at the end of its session, by medium."),
        MetricFamily(
            "tern_call_mos", .histogram([1.5, 2, 2.5, 3, 3.5, 3.8, 4, 4.2, 4.4]),
            "Estimated MOS (ITU-T G.107) of what a side sent, at the end of its session."),
        MetricFamily("tern_engine_events_total", .counter, "Events of the media engine, by event: silent, unreachable, latched, digit, error …"),
        // SIP
        MetricFamily(
            "tern_sip_messages_total", .counter,
            "SIP messages, repetitions included, by direction (received, sent), method and status; a request has no status."),
        MetricFamily("tern_sip_legs", .gauge, "Dialogs of calls, those included that wait for the response to a BYE or CANCEL."),
        MetricFamily("tern_sip_set_ups", .gauge, "INVITEs for new calls that the gateway has not answered, refused or sent on."),
        MetricFamily("tern_sip_call_limit", .gauge, "New calls a second that are taken at most because of the load; NaN while there is no limit."),
        MetricFamily(
            "tern_sip_shed_total", .counter,
            "Requests that were refused before they took anything, by method, and reason (rate, set_up, configured, legs, loop_delay, stranger)."),
        MetricFamily("tern_registrations", .gauge, "Registered contacts of phones."),
        MetricFamily("tern_trunk_up", .gauge, "1 where a call can go out by this trunk, else 0."),
        MetricFamily("tern_trunk_calls", .gauge, "Calls on a trunk at the moment."),
        MetricFamily("tern_trunk_target_up", .gauge, "1 where nothing speaks against a target of a trunk, 0 where it does not answer, or wants no calls; by trunk and target."),
        // Lines that are tested
        MetricFamily("tern_line_tests_total", .counter, "Line tests that have ended, by the worst verdict, and its severity (good, notice, warning, critical)."),
        MetricFamily("tern_probe_good", .gauge, "1 where the last test of a line found nothing, else 0, by probe."),
        MetricFamily("tern_probe_calls_total", .counter, "Tests of lines, by probe, and result (good, bad)."),
        MetricFamily(
            "tern_probe_mos", .gauge, "Estimated MOS (ITU-T G.107) of the last test of a line, by probe; NaN where it is not known."),
        MetricFamily("tern_probe_round_trip_seconds", .gauge, "Round trip of the audio in the last test of a line, by probe; NaN where it is not known."),
        MetricFamily(
            "tern_probe_loss_ratio", .gauge, "Share of the far end's packets that were lost in the last test of a line, by probe; NaN where it is not known."),
        MetricFamily(
            "tern_probe_answer_seconds", .gauge, "Time from the INVITE to the answer in the last test of a line, by probe; NaN where it is not known."),
        MetricFamily(
            "tern_line_test_reports_total", .counter, "Reports of line tests to the collector (RFC 6035), by result: sent, failed or dropped."),
        // Browsers
        MetricFamily("tern_websockets", .gauge, "Clients of the browser API that are logged in."),
        MetricFamily("tern_websocket_queued_messages", .gauge, "Messages that wait for clients to take them."),
        MetricFamily("tern_websocket_queued_bytes", .gauge, "Bytes of these messages."),
        MetricFamily("tern_websocket_queued_bytes_most", .gauge, "Bytes that wait for the client for which most wait; beyond 4 MiB it is cut off."),
        MetricFamily("tern_bans", .gauge, "What is banned for wrong credentials, an address or a user at one, by where: sip, api."),
        MetricFamily("tern_api_requests_total", .counter, "Requests of the browser API, by command, and code (0 is success)."),
        // Janus
        MetricFamily("tern_janus_up", .gauge, "1 while a Janus answers, else 0, by server: janus-1, janus-2 …"),
        MetricFamily("tern_janus_draining", .gauge, "1 while an operator keeps new sessions from a Janus, else 0, by server."),
        MetricFamily("tern_janus_handles", .gauge, "Handles at a Janus, by server."),
        MetricFamily("tern_janus_answer_seconds", .gauge, "How long a Janus takes to answer what it is asked twice a second, by server; NaN while it is down."),
        MetricFamily("tern_janus_cpu_seconds_total", .counter, "CPU time of the process of a Janus of our own, by server; it begins anew with the process."),
        MetricFamily("tern_janus_starts_total", .counter, "Starts of the Januses of our own, by server."),
        MetricFamily("tern_janus_request_seconds", .histogram(times), "Time until Janus has answered, by request."),
        MetricFamily("tern_janus_errors_total", .counter, "Requests to Janus that failed, by request."),
        // The cluster
        MetricFamily("tern_cluster_up", .gauge, "1 while Redis is written to and read from, else 0. This and what follows is there with registrations in Redis alone."),
        MetricFamily("tern_cluster_nodes", .gauge, "Other gateways of the cluster, by state: up, draining, gone, omitted (more than are looked at)."),
        MetricFamily("tern_cluster_entries", .gauge, "What other gateways have, as this one knows it: phones (their registrations), browsers (users with one)."),
        MetricFamily("tern_cluster_waiting", .gauge, "Registrations and browsers that wait to be written to Redis."),
        MetricFamily("tern_cluster_age_seconds", .gauge, "How long ago Redis was written to, changes were read from it, and everything was loaded, by of: write, read, load; NaN before the first time."),
        MetricFamily("tern_cluster_loads_total", .counter, "How often everything that other gateways have was loaded: at the start, and after each lost connection."),
        MetricFamily("tern_cluster_errors_total", .counter, "How often Redis could not be asked, by of: write, read."),
        // Recordings
        MetricFamily("tern_recordings", .gauge, "Recordings that are being finished, or wait for it."),
        MetricFamily("tern_recordings_total", .counter, "Recordings that are over, by result: ready, failed."),
        // Records of calls
        MetricFamily("tern_records_written_total", .counter, "Records of calls that were written, by store: sqlite, postgresql, file, http."),
        MetricFamily("tern_records_errors_total", .counter, "Attempts to write records that failed, by store."),
        MetricFamily(
            "tern_records_lost_total", .counter,
            "Records that were given up, by store: more waited than there is room for, or refused calls came in a flood (any)."),
        MetricFamily("tern_records_waiting", .gauge, "Records that wait to be written, by store."),
        // The program
        MetricFamily(
            "tern_event_loop_delay_seconds", .histogram([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5]),
            "How late a timer of the event loop is; asked ten times a second."),
        MetricFamily("tern_event_loop_timers", .gauge, "Timers of the event loop that are set."),
        MetricFamily("tern_allocated_memory_bytes", .gauge, "Memory that the process has allocated, without what is kept for later."),
        MetricFamily("tern_log_lines_dropped_total", .counter, "Lines of the log that had no room while nobody read, or a disk hung, or that a full disk did not take."),
        MetricFamily("tern_traces", .gauge, "Calls whose time line is kept."),
        MetricFamily("tern_trace_memory_bytes", .gauge, "Memory of the time lines, about."),
        MetricFamily("tern_traces_evicted_total", .counter, "Time lines that had to go for newer ones."),
        MetricFamily(
            "tern_trace_entries_dropped_total", .counter,
            "Entries that no time line has, by reason: call_full, or no_call, where nothing said in time which call they are about."),
        MetricFamily("tern_hep_packets_total", .counter, "Packets for a Homer, by result: sent, dropped."),
        MetricFamily("tern_build_info", .gauge, "1; the label says which version this is."),
        MetricFamily("process_start_time_seconds", .gauge, "Start of the process, in seconds of Unix time."),
        MetricFamily("process_cpu_seconds_total", .counter, "CPU time of the process."),
        MetricFamily("process_resident_memory_bytes", .gauge, "Memory of the process."),
        MetricFamily("process_open_fds", .gauge, "Open file descriptors."),
        MetricFamily("process_max_fds", .gauge, "File descriptors that may be open."),
    ]
}
