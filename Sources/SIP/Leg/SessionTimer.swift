internal import EventLoop

/// The session timer of a leg: what was agreed about it, and when the leg has to act.
struct SessionTimer {
    private var interval: SessionInterval?
    private(set) var peerKnowsUpdate = false
    private var refresh: LoopTimer?
    private var expiry: LoopTimer?

    /// The peer lists UPDATE in its Allow, and Sofia refreshes by it. Returns whether that is new.
    mutating func allowUpdate() -> Bool {
        defer { peerKnowsUpdate = true }
        return !peerKnowsUpdate
    }

    /// Takes what an INVITE, or a 2xx to one, settles; nil where the session needs no refresh.
    mutating func settle(_ interval: SessionInterval?) { self.interval = interval }

    /// Starts the interval anew: `onExpiry` is called when nobody has refreshed the session, `onRefresh` when the leg has to do so by itself.
    @LoopActor
    mutating func start(onRefresh: @escaping @LoopActor () -> Void, onExpiry: @escaping @LoopActor () -> Void) {
        stop()
        guard let interval else { return }
        expiry = LoopTimer.schedule(after: interval.expiryDelay) { onExpiry() }
        if !peerKnowsUpdate, interval.isOurs { refresh = LoopTimer.schedule(after: interval.refreshDelay) { onRefresh() } }
    }

    /// Tries a refresh again that failed, or found an exchange under way: by re-INVITE, which every peer knows.
    @LoopActor
    mutating func retry(_ onRefresh: @escaping @LoopActor () -> Void) {
        guard let interval else { return }
        refresh?.cancel()
        refresh = LoopTimer.schedule(after: interval.retryDelay) { onRefresh() }
    }

    @LoopActor
    mutating func stop() {
        refresh?.cancel()
        refresh = nil
        expiry?.cancel()
        expiry = nil
    }
}

/// The session timer of a dialog as RFC 4028 sections 7 to 9 settle it, and as Sofia does: who refreshes, and how often.
///
/// Sofia refreshes by UPDATE, or by repeating the INVITE that it sent last. Towards a peer without UPDATE that would bring
/// back an old description, or an INVITE without any: there the leg refreshes itself, a little before Sofia would.
struct SessionInterval: Equatable {
    /// What the peer's INVITE or 2xx said about the timer.
    struct Remote: Equatable {
        var isSupported: Bool
        /// Session-Expires, in seconds.
        var expires: Int?
        /// Whether its `refresher` parameter names us; nil when it names nobody.
        var namesUs: Bool?
    }

    /// Seconds.
    let interval: Int
    let isOurs: Bool

    /// - Parameters:
    ///   - preferred: Our own interval; 0 when we do not ask for one.
    ///   - least: The smallest interval that we accept.
    ///   - called: Whether the peer's message is a request.
    init?(_ remote: Remote, preferred: Int, least: Int, called: Bool) {
        var interval = remote.expires ?? preferred
        if preferred > 0 { interval = min(interval, preferred) }
        guard interval > 0 else { return nil }
        self.interval = max(interval, least)
        isOurs = !remote.isSupported || (remote.namesUs ?? !called)
    }

    /// When the leg has to refresh by itself: before Sofia's half of the interval, from which it strays by 5 s.
    var refreshDelay: Duration {
        interval >= 90 ? .seconds(interval / 2 - 8) : .milliseconds(interval * 400)
    }

    /// When the session counts as over, if nobody refreshed it: a third of the interval or 32 s early (RFC 4028 section 10),
    /// and just before Sofia's own verdict, of which nothing is heard before its BYE is answered.
    var expiryDelay: Duration {
        interval >= 90 ? .seconds(interval - min(32, interval / 3) - 2) : .milliseconds(interval * 850)
    }

    /// How long a refresh waits that could not be made or was refused: as after a glare (RFC 3261 section 14.1).
    var retryDelay: Duration {
        .milliseconds(min(Int.random(in: 2_100...4_000), interval * 100))
    }
}
