internal import CSofiaSIP
internal import EventLoop
internal import Events
internal import Glibc
internal import SIPNames

/// Shows the messages that are received and sent, repetitions included, to whoever listens to the events of the gateway.
@LoopActor
enum ShownMessages {
    static func tell(_ message: OpaquePointer?, _ transport: OpaquePointer?, isSent: Bool) {
        let stream = EventStream.shared
        guard stream.wants(.sip), let message, let sip = tern_sip_object(message)?.pointee, let text = text(of: message) else { return }
        var length: socklen_t = 0
        let peer = tern_msg_source(message, &length).flatMap { SocketAddress($0, length: length) }
        let local = tern_tport_local(transport, &length).flatMap { SocketAddress($0, length: length) }
        let method = SofiaText.field(sip.sip_request?.pointee.rq_method_name ?? sip.sip_cseq?.pointee.cs_method_name, limit: 32)
        stream.tell(Event(
            .dialog(SofiaText.field(sip.sip_call_id?.pointee.i_id, limit: 256)),
            .sip(SIPMessage(
                isSent: isSent, transport: SofiaText.field(tern_tport_protocol(transport), limit: 8).lowercased(), peer: peer, local: local,
                method: method, status: sip.sip_status.map { Int($0.pointee.st_status) }, text: text))))
    }

    private static func text(of message: OpaquePointer) -> String? {
        let size = min(tern_message_length(message), SIPMessage.longest)
        guard size == 0 else {
            return String(unsafeUninitializedCapacity: size) { buffer in
                buffer.withMemoryRebound(to: CChar.self) { min(tern_message_copy(message, $0.baseAddress, $0.count), size) }
            }
        }
        var length = 0
        guard let bytes = tern_message_text(message, &length) else { return nil }
        defer { free(bytes) }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: min(length, SIPMessage.longest)), as: UTF8.self)
    }
}
