internal import CJanusPlugin
internal import CSRTP
internal import Glibc
internal import RTP

/// Sockets, SRTP contexts, recorders and sent packets that a leg no longer has: to be closed without a lock.
struct Remains {
    var descriptors: [Int32] = []
    var contexts: [srtp_t] = []
    var recorders: [UnsafeMutablePointer<janus_recorder>] = []

    var stores: [SentPackets] = []

    mutating func add(_ store: SentPackets?) { if let store { stores.append(store) } }
    mutating func add(_ context: srtp_t?) { if let context { contexts.append(context) } }
    mutating func add(_ recorder: UnsafeMutablePointer<janus_recorder>?) { if let recorder { recorders.append(recorder) } }

    func dispose() {
        for store in stores { store.deallocate() }
        for context in contexts { srtp_dealloc(context) }
        for recorder in recorders {
            janus_recorder_close(recorder)
            janus_recorder_destroy(recorder)
        }
        for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) }
    }
}
