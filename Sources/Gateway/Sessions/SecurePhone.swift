internal import EventLoop
internal import Janus
internal import ProxyCore

/// A phone with SRTP, whose keys may change within the call.
///
/// NoSIP keeps the first keys that it hears, for as long as its PeerConnection lives (1.1.2: `janus_nosip_sdp_process` passes over
/// `a=crypto` where there is a context, and only a first offer clears it). So the session's own handle speaks plain RTP, with a relay: two more handles whose
/// PeerConnections are tied to each other, as between two phones. The outer one has the phone's keys, and when those change another
/// relay takes its place; for the session's handle, and for the browser behind it, that is a change of address.
@LoopActor
final class SecurePhone {
    private struct Relay {
        /// Towards the phone, with SRTP.
        let outer: NoSIP
        /// Towards the session's own handle, with plain RTP.
        let inner: NoSIP
        /// The phone's, by kind of medium; empty before it has answered.
        var keys: [String: String]
        /// What the session's handle was told of `inner`.
        var description = ""
    }

    private let session: NoSIP
    private let attach: @LoopActor () async throws(JanusError) -> NoSIP
    private var current: Relay?
    /// That of the phone's offer with other keys, until it is answered.
    private var next: Relay?
    /// Whether our own offer has not been answered.
    private var isOffering = false

    /// - Parameter attach: Makes another handle of the same Janus.
    init(_ session: NoSIP, attach: @escaping @LoopActor () async throws(JanusError) -> NoSIP) {
        self.session = session
        self.attach = attach
    }

    /// As ``NoSIP/process(_:_:srtp:)``. An answer to no offer of ours is what stands: then an offer of the phone's has come to nothing.
    func process(_ sdp: String, _ type: JSEP.Kind) async throws(JanusError) -> JSEP {
        switch type {
        case .offer: return try await offered(sdp)
        case .answer where isOffering: return try await answered(sdp)
        case .answer:
            await dropNext()
            return try await tell(sdp)
        }
    }

    /// As ``NoSIP/generate(_:srtp:profile:)``; `suite` is that of the key for the phone.
    func generate(_ jsep: JSEP, suite: String) async throws(JanusError) -> String {
        let plain = try carried(await session.generate(jsep))
        return switch jsep.type {
        case .offer: try await offer(plain, suite)
        case .answer: try await answer(plain, suite)
        }
    }

    /// As ``NoSIP/refresh(_:)``.
    func refresh(_ sdp: String) async throws(JanusError) {
        // Within an exchange of keys there is nothing that stands; what is muted is muted again behind it.
        if next == nil, !isOffering { _ = try await tell(sdp) }
    }

    private func tell(_ sdp: String) async throws(JanusError) -> JSEP {
        guard let current else { throw .detached }
        _ = try await current.outer.process(sdp, .answer)
        return try await session.process(current.description, .answer)
    }

    // MARK: The phone offers

    private func offered(_ sdp: String) async throws(JanusError) -> JSEP {
        await dropNext()
        isOffering = false
        let keys = ProxyCore.keys(inPlain: sdp)
        // A medium more has a place beside what there is. Where nothing has changed neither may the relay: SRTP goes on counting
        // (RFC 3711, section 3.3.1), which another could not know.
        if let current, current.keys.allSatisfy({ keys[$0] == nil || keys[$0] == $1 }) {
            let plain = try await through(current, sdp, .offer)
            self.current?.keys.merge(keys) { old, _ in old }
            self.current?.description = plain
            return try await session.process(plain, .offer)
        }
        let relay = try await relay(keys: keys)
        next = relay
        let plain = try await through(relay, sdp, .offer)
        next?.description = plain
        return try await session.process(plain, .offer)
    }

    private func answer(_ plain: String, _ suite: String) async throws(JanusError) -> String {
        // A phone that comes from another session: this answer is an offer to it, and its keys come with what it says to that.
        guard let relay = next ?? current else { return try await offer(plain, suite) }
        let answer = try await relay.inner.process(plain, .answer)
        let text = try await relay.outer.generate(answer, srtp: .mandatory, profile: suite)
        guard next != nil else { return text }
        let old = current
        (current, next) = (next, nil)
        await detach(old)
        return text
    }

    // MARK: The phone is offered something

    private func offer(_ plain: String, _ suite: String) async throws(JanusError) -> String {
        await dropNext()
        if current == nil { current = try await relay(keys: [:]) }
        guard let relay = current else { throw .detached }
        isOffering = true
        let offer = try await relay.inner.process(plain, .offer)
        return try await relay.outer.generate(tied(offer), srtp: .mandatory, profile: suite)
    }

    private func answered(_ sdp: String) async throws(JanusError) -> JSEP {
        guard let relay = current else { throw .detached }
        let plain = try await through(relay, sdp, .answer)
        isOffering = false
        current?.keys.merge(ProxyCore.keys(inPlain: sdp)) { old, _ in old }
        current?.description = plain
        return try await session.process(plain, .answer)
    }

    // MARK: Parts

    /// What the phone says, as the session's handle is to hear it from the relay.
    private func through(_ relay: Relay, _ sdp: String, _ type: JSEP.Kind) async throws(JanusError) -> String {
        let jsep = try await relay.outer.process(sdp, type)
        return try carried(await relay.inner.generate(type == .offer ? tied(jsep) : jsep))
    }

    /// Without candidates, as for every handle that is tied to another: it answers DTLS when the other is ready.
    private func tied(_ jsep: JSEP) throws(JanusError) -> JSEP {
        do throws(NegotiationError) {
            return JSEP(type: jsep.type, sdp: try withoutCandidates(jsep: jsep.sdp), trickle: true, update: jsep.update)
        } catch {
            throw .malformed(error.reason)
        }
    }

    private func carried(_ plain: String) throws(JanusError) -> String {
        do throws(NegotiationError) { return try relayed(plain: plain) } catch { throw .malformed(error.reason) }
    }

    // MARK: Handles

    private func relay(keys: [String: String]) async throws(JanusError) -> Relay {
        let outer = try await attach()
        do throws(JanusError) {
            return Relay(outer: outer, inner: try await attach(), keys: keys)
        } catch {
            await outer.handle.detach()
            throw error
        }
    }

    private func dropNext() async {
        let dropped = next
        next = nil
        await detach(dropped)
    }

    private func detach(_ relay: Relay?) async {
        guard let relay else { return }
        // Each says goodbye to the other.
        for end in [relay.outer, relay.inner] { end.handle.onEvent = nil }
        await relay.outer.handle.detach()
        await relay.inner.handle.detach()
    }

    /// Gives the relays back; the session's own handle is its owner's.
    func release() {
        let relays = [current, next]
        (current, next) = (nil, nil)
        LoopActor.task { [self] in for relay in relays { await detach(relay) } }
    }
}
