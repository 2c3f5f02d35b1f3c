internal import CJanusPlugin
internal import Glibc
internal import RTP
internal import Version

// What the core calls. See Janus' plugins/plugin.h.

@_cdecl("tern_init")
func initialise(_ core: UnsafeMutablePointer<janus_callbacks>?, _ folder: UnsafePointer<CChar>?) -> Int32 {
    guard let core else { return -1 }
    tern_set_core(core)
    return Engine.start() ? 0 : -1
}

@_cdecl("tern_destroy")
func destroy() { Engine.stop() }

@_cdecl("tern_version")
func version() -> Int32 { 1 }

@_cdecl("tern_version_string")
func versionString() -> UnsafePointer<CChar>? { versionText }

nonisolated(unsafe) private let versionText = UnsafePointer(strdup(TernVersion.current))

@_cdecl("tern_create_session")
func createSession(_ session: JanusSession?, _ error: UnsafeMutablePointer<Int32>?) {
    guard let session else {
        error?.pointee = -1
        return
    }
    Legs.shared.create(session)
}

@_cdecl("tern_destroy_session")
func destroySession(_ session: JanusSession?, _ error: UnsafeMutablePointer<Int32>?) {
    guard let session else {
        error?.pointee = -1
        return
    }
    Legs.shared.close(session)
}

@_cdecl("tern_handle_message")
func handleMessage(
    _ session: JanusSession?, _ transaction: UnsafeMutablePointer<CChar>?, _ message: JSONPointer?, _ jsep: JSONPointer?
) -> UnsafeMutablePointer<janus_plugin_result>? {
    defer {
        g_free(transaction)
        if let message { json_decref(message) }
        if let jsep { json_decref(jsep) }
    }
    guard let session, let leg = session.leg else { return janus_plugin_result_new(JANUS_PLUGIN_ERROR, nil, nil) }
    let text = transaction.map { String(cString: $0) } ?? ""
    let kind = jsep.flatMap { json_string_value(json_object_get($0, "type")) }.map { String(cString: $0) }
    guard let reply = Requests.answer(Fields(object: message), transaction: text, description: kind, of: session, with: leg) else {
        return janus_plugin_result_new(JANUS_PLUGIN_OK_WAIT, nil, nil)
    }
    return janus_plugin_result_new(JANUS_PLUGIN_OK, nil, reply.object)
}

@_cdecl("tern_setup_media")
func setupMedia(_ session: JanusSession?) { setUp(session, true) }

@_cdecl("tern_hangup_media")
func hangupMedia(_ session: JanusSession?) { setUp(session, false) }

private func setUp(_ session: JanusSession?, _ isUp: Bool) {
    guard let session, let leg = session.leg else { return }
    leg.pointee.sending.lock()
    guard leg.pointee.session == session else { return leg.pointee.sending.unlock() }
    leg.pointee.isUp = isUp
    if !isUp { leg.pointee.hasDescription = false }
    if isUp { leg.pointee.limit.begin() }
    for medium in Medium.allCases { leg.sender(medium).pointee.rewriter.pause() }
    let generation = leg.pointee.generation
    leg.pointee.sending.unlock()
    if isUp { Legs.shared.setUp(leg, of: session) } else { Legs.shared.hangUp(leg, of: session) }
    if isUp { leg.sendLimit(generation: generation, now: Clock.now()) }
}

@_cdecl("tern_incoming_rtp")
func incomingRTP(_ session: JanusSession?, _ packet: UnsafeMutablePointer<janus_plugin_rtp>?) {
    guard let session, let packet, let leg = session.leg else { return }
    leg.receive(packet, of: session, now: Clock.now())
}

@_cdecl("tern_incoming_rtcp")
func incomingRTCP(_ session: JanusSession?, _ packet: UnsafeMutablePointer<janus_plugin_rtcp>?) {
    guard let session, let packet, let leg = session.leg else { return }
    leg.receive(packet, of: session, now: Clock.now())
}

@_cdecl("tern_query_session")
func querySession(_ session: JanusSession?) -> JSONPointer? {
    let reply = Reply()
    guard let session, let leg = session.leg else { return reply.object }
    reply.set("leg", leg.pointee.sending.locked { leg.pointee.session == session ? leg.pointee.id : 0 })
    Statistics.describe(leg, of: session, in: reply)
    return reply.object
}

/// The warnings of the engine in Janus' log: one in ten seconds at most, as their cause may last. Under ``Legs``' lock.
final class Complaints: @unchecked Sendable {
    static let shared = Complaints()

    /// Microseconds.
    private static let interval: Int64 = 10_000_000

    private var last: Int64?

    private init() {}

    func warn(_ text: String) {
        let now = Clock.now()
        if let last, now &- last < Complaints.interval { return }
        last = now
        tern_warn(text)
    }
}
