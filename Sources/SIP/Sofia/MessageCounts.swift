internal import CSofiaSIP
internal import CoreMetrics
internal import EventLoop

/// Counts the messages that are received and sent, repetitions included, by method and status: the metric `tern_sip_messages_total`.
@LoopActor
enum MessageCounts {
    private struct Key: Hashable {
        let method: String
        /// 0 for a request.
        let status: Int
        let isSent: Bool
    }

    /// Whatever else a peer sends is counted together.
    private static let methods: Set<String> = [
        "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH",
    ]

    private static var counters: [Key: Counter] = [:]

    static func note(_ message: OpaquePointer?, isSent: Bool) {
        guard let message, let sip = tern_sip_object(message)?.pointee else { return }
        let status = sip.sip_status.map { Int($0.pointee.st_status) } ?? 0
        let name = SofiaText.field(sip.sip_request?.pointee.rq_method_name ?? sip.sip_cseq?.pointee.cs_method_name, limit: 16)
        count(Key(method: methods.contains(name) ? name : "other", status: (100...699).contains(status) ? status : 0, isSent: isSent))
    }

    private static func count(_ key: Key) {
        if let counter = counters[key] { return counter.increment() }
        let counter = Counter(label: "tern_sip_messages_total", dimensions: [
            ("direction", key.isSent ? "sent" : "received"), ("method", key.method), ("status", key.status == 0 ? "" : String(key.status)),
        ])
        counters[key] = counter
        counter.increment()
    }
}
