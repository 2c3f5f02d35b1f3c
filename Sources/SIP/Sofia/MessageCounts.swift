internal import CSofiaSIP
internal import CoreMetrics
internal import EventLoop

/// Counts the messages that are received and sent, repetitions included, by method and status: the metric `tern_sip_messages_total`.
@LoopActor
enum MessageCounts {
    private struct Key: Hashable {
        let method: String
        /// Empty for a request.
        let status: String
        let isSent: Bool
    }

    /// Whatever else a peer sends is counted together.
    private static let methods: Set<String> = [
        "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH",
    ]

    /// The statuses of RFC 3261 section 21 and of what is spoken beside it; another one counts by its class.
    private static let statuses: Set<Int> = [
        100, 180, 181, 182, 183, 199, 200, 202, 204, 300, 301, 302, 305, 380, 400, 401, 403, 404, 405, 406, 407, 408, 410, 413, 414, 415, 416, 420, 421, 422,
        423, 430, 439, 480, 481, 482, 483, 484, 485, 486, 487, 488, 489, 491, 493, 494, 500, 501, 502, 503, 504, 505, 513, 580, 600, 603, 604, 606, 607, 608,
    ]

    private static func known(_ status: Int) -> String {
        if statuses.contains(status) { return String(status) }
        return (100...699).contains(status) ? "\(status / 100)xx" : "other"
    }

    private static var counters: [Key: Counter] = [:]

    static func note(_ message: OpaquePointer?, isSent: Bool) {
        guard let message, let sip = tern_sip_object(message)?.pointee else { return }
        let status = sip.sip_status.map { known(Int($0.pointee.st_status)) } ?? ""
        let name = SofiaText.field(sip.sip_request?.pointee.rq_method_name ?? sip.sip_cseq?.pointee.cs_method_name, limit: 16)
        count(Key(method: methods.contains(name) ? name : "other", status: status, isSent: isSent))
    }

    private static func count(_ key: Key) {
        if let counter = counters[key] { return counter.increment() }
        let counter = Counter(label: "tern_sip_messages_total", dimensions: [
            ("direction", key.isSent ? "sent" : "received"), ("method", key.method), ("status", key.status),
        ])
        counters[key] = counter
        counter.increment()
    }
}
