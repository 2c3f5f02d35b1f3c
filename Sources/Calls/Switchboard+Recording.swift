internal import EventLoop
internal import Logging
internal import ProxyCore

/// Recording by configuration: keys `record` of routes and users.
extension Switchboard {
    /// Records an answered call where its route, its caller or its callee has `record: true`.
    func recordIfConfigured(_ call: CallController) {
        let callee = call.taker.flatMap { call.callees[$0]?.origin.provenUser }
        let users = [call.origin.provenUser, callee].compactMap { $0 }
        let isRecorded = call.context?.isRecorded == true || users.contains(where: admission.users.isRecorded)
        guard isRecorded, !call.session.options.record else { return }
        call.session.update(SessionOptionsChange(record: true)) { [log] result in
            guard case .failure(let failure) = result else { return }
            log.error("a call is not recorded, although the configuration wants it", metadata: ["call": "\(call.id)", "reason": "\(failure.apiError.text)"])
        }
    }
}
