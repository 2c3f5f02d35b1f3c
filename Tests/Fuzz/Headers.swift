import CSofiaSIP
import SIPNames

@testable import SIP

/// A SIP message as Sofia hands it on, and all that Tern takes of one: nothing traps, nothing is read behind an end (the sanitizer sees to that), and what is read is
/// within its bounds.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let bytes, count > 0, let parser else { return 0 }
    guard let message = msg_make(parser, 0, bytes, count) else { return 0 }
    defer { msg_destroy(message) }
    guard let sip = tern_sip_object(message) else { return 0 }
    let flow = SIPFlow(
        transport: .udp, peerAddress: "192.0.2.1", peerPort: 5_060, listener: ListenAddress(transport: .udp, address: "192.0.2.2", port: 5_060))
    let read = IncomingMessage(UnsafePointer(sip), bodyLimit: 4_096)
    guard read.bodySize <= 4_096 || read.content.refusal != nil else { fatalError("a body of \(read.bodySize) bytes") }
    guard read.callID.utf8.count <= 1_024, read.alternatives.count <= 8 else { fatalError("more than there may be") }
    let invite = SIPIncomingInvite(UnsafePointer(sip), sdp: read.sdp, flow: flow)
    guard invite.authorizations.count <= 8, invite.diversion.count <= 8, invite.historyInfo.count <= 8, invite.assertedIdentities.count <= 2 else {
        fatalError("more headers than there may be")
    }
    for text in [invite.requestUser, invite.from.user, invite.to.user, invite.from.displayName ?? "", invite.userAgent ?? "", invite.referredBy ?? ""] {
        guard !HeaderText.line(text, limit: .max).contains(where: \.isNewline) else { fatalError("a line in a header: \(text.debugDescription)") }
        _ = HeaderText.quoted(text)
        _ = HeaderText.user(text)
    }
    if let replaces = invite.replaces, SIPReplaces(replaces.text) == nil, !replaces.text.contains(" ") { fatalError("a Replaces is not read again: \(replaces.text)") }
    if case .success(let register) = SIPIncomingRegister.read(UnsafePointer(sip), flow: flow) {
        guard register.contacts.count <= 64, register.path.count <= 16 else { fatalError("more contacts than there may be") }
    }
    if case .success(let transfer) = SIPTransferRequest.read(UnsafePointer(sip)) {
        guard SIPTarget.isHarmless(transfer.target) else { fatalError("a target that is more than one line: \(transfer.target.debugDescription)") }
    }
    return 0
}

/// Sofia's parser with the functions of CSofiaSIP in it.
nonisolated(unsafe) private let parser = tern_sip_mclass(nil, nil)
