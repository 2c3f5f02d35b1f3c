internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The thread that makes events of notes.
enum Control {
    /// Runs until the plugin ends.
    static func run() {
        while let note = Notes.next() { push(note) }
    }

    private static func push(_ note: Note) {
        guard let session = note.leg.leg?.retainSession(of: note.leg.generation) else { return }
        let event = event(note)
        _ = tern_push_event(session, nil, event.object, nil)
        event.release()
        tern_session_release(session)
    }

    private static func event(_ note: Note) -> Reply {
        let event = Reply("event")
        switch note.kind {
        case .digit:
            event.set("event", "digit")
            event.set("kind", note.medium.name)
            event.set("digit", note.digit?.character.map { String($0) } ?? "")
            event.set("duration", UInt64(note.duration))
        case .latched:
            event.set("event", "latched")
            event.set("kind", note.medium.name)
            if let address = note.address { set(address, in: event) }
            if let former = note.former {
                let object = Reply()
                set(former, in: object)
                event.set("former", object)
            }
        case .flowing, .silent:
            event.set("event", note.kind == .flowing ? "flowing" : "silent")
            event.set("kind", note.medium.name)
        case .unreachable:
            event.set("event", "unreachable")
            event.set("kind", note.medium.name)
        case .keyframeWanted:
            event.set("event", "keyframe_wanted")
        case .recordingFailed:
            event.set("event", "error")
            event.set("what", "recording")
            event.set("reason", "Janus could not open the file for \(note.medium.name); its log says why.")
        }
        return event
    }

    private static func set(_ address: MediaAddress, in object: Reply) {
        object.set("address", address.text)
        object.set("port", UInt64(address.port))
    }
}
