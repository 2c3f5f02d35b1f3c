internal import CJanusPlugin
internal import CSRTP
internal import Glibc

/// What a leg had, or has no longer, and what is to be given back when no lock is held.
struct Remains {
    var descriptors: [Int32] = []
    var contexts: [srtp_t] = []
    var recorders: [UnsafeMutablePointer<janus_recorder>] = []

    mutating func add(_ context: srtp_t?) { if let context { contexts.append(context) } }
    mutating func add(_ recorder: UnsafeMutablePointer<janus_recorder>?) { if let recorder { recorders.append(recorder) } }

    func dispose() {
        for context in contexts { srtp_dealloc(context) }
        for recorder in recorders {
            janus_recorder_close(recorder)
            janus_recorder_destroy(recorder)
        }
        for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) }
    }
}
