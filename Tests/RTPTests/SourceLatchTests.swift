import RTP
import Testing

@Suite("Where a phone's packets come from")
struct SourceLatchTests {
    private let phone = MediaAddress(v4: 0xcb00_7109, port: 4_000), nat = MediaAddress(v4: 0xc633_6401, port: 61_000)
    private let stranger = MediaAddress(v4: 0xc000_0201, port: 5_000), lan = MediaAddress(v4: 0x0a00_0007, port: 4_000)

    private func latch(_ signalled: MediaAddress?, mode: SourceLatch.Mode = .follow, isHidden: Bool = false) -> SourceLatch {
        SourceLatch(mode: mode, signalled: signalled, isHidden: isHidden, now: 0)
    }

    private func take(_ latch: inout SourceLatch, _ source: MediaAddress, isAuthentic: Bool = false, continues: Bool = false, at now: Int64) -> SourceLatch.Verdict {
        latch.take(from: source, isAuthentic: isAuthentic, continues: continues, now: now)
    }

    @Test("the signalled address is taken at once; a stranger is dropped before it speaks, and while it does")
    func signalled() {
        var latch = latch(phone)
        #expect(take(&latch, stranger, at: 500_000) == .drop)
        #expect(latch.destination == phone)
        #expect(take(&latch, phone, at: 600_000) == .take)
        #expect(take(&latch, stranger, at: 600_001) == .drop)
        #expect(take(&latch, stranger, continues: true, at: 700_000) == .drop)
        #expect(latch.destination == phone)
    }

    @Test("nothing from the signalled address for a second: the first who comes is the phone")
    func patience() {
        var latch = latch(phone)
        #expect(take(&latch, nat, at: SourceLatch.patience - 1) == .drop)
        #expect(take(&latch, nat, at: SourceLatch.patience) == .move)
        #expect(latch.destination == nat)
        #expect(take(&latch, stranger, at: SourceLatch.patience + 1) == .drop)
        #expect(take(&latch, phone, at: SourceLatch.patience + 2) == .move, "the signalled one is believed at any time")
    }

    @Test("a phone that is known to be behind NAT, or has a private address, or none, is followed at once")
    func hidden() {
        for var latch in [latch(phone, isHidden: true), latch(lan), latch(nil)] {
            #expect(take(&latch, nat, at: 1) == .move)
            #expect(take(&latch, stranger, at: 2) == .drop)
        }
    }

    @Test("a private address hides nobody from its own host: another port there waits like any other")
    func sameHost() {
        var latch = latch(lan)
        let neighbour = MediaAddress(v4: 0x0a00_0007, port: 6_000)
        #expect(take(&latch, neighbour, at: SourceLatch.patience - 1) == .drop)
        var left = latch
        #expect(take(&latch, lan, at: SourceLatch.patience) == .take && latch.absent == nil)
        #expect(take(&left, neighbour, at: SourceLatch.patience) == .move && left.absent == lan)
        // SIP has said that it is behind NAT: then nobody waits.
        var hidden = self.latch(lan, isHidden: true)
        #expect(take(&hidden, neighbour, at: 0) == .move)
    }

    @Test("a phone that reports from where SIP says is sent its packets there, while another is still heard")
    func recalled() {
        var latch = latch(lan)
        #expect(latch.report(isHeard: false, now: 0) == nil && latch.absent == nil, "nobody is heard yet")
        #expect(take(&latch, stranger, at: 0) == .move && latch.destination == stranger && latch.absent == lan)
        #expect(latch.report(isHeard: true, now: 0) == nil, "the phone itself, by another way")
        #expect(latch.report(isHeard: false, now: 0) == lan && latch.destination == lan)
        #expect(take(&latch, stranger, at: 1) == .take && latch.destination == lan)
        // Another stranger who comes after the first one has nothing of it either.
        #expect(take(&latch, nat, at: 1 + SourceLatch.silence) == .take && latch.destination == lan && latch.latched == nat)
        #expect(take(&latch, lan, at: 2 + SourceLatch.silence) == .take && latch.destination == lan && latch.absent == nil)
        #expect(take(&latch, stranger, at: 3 + SourceLatch.silence) == .drop)
        // Whoever is followed after that is followed until the next report.
        #expect(take(&latch, nat, at: 2 + 2 * SourceLatch.silence) == .move && latch.destination == nat)
        #expect(latch.report(isHeard: false, now: 3 * SourceLatch.silence) == lan)
        latch.signal(phone, isHidden: false, now: 4 * SourceLatch.silence)
        #expect(latch.destination == phone && latch.report(isHeard: false, now: 5 * SourceLatch.silence) == nil)
    }

    @Test("a report of another stream is believed for a while: whoever goes on speaking from elsewhere, or reports itself, is sent to again")
    func mistaken() {
        var latch = latch(lan)
        #expect(take(&latch, nat, at: 0) == .move)
        #expect(latch.report(isHeard: false, now: 0) == lan)
        #expect(latch.report(isHeard: false, now: 5_000_000) == nil, "believed for longer")
        #expect(take(&latch, nat, at: SourceLatch.recall) == .take && latch.destination == lan)
        #expect(take(&latch, nat, at: 5_000_000 + SourceLatch.recall) == .move && latch.destination == nat)
        #expect(latch.report(isHeard: false, now: 2 * SourceLatch.recall) == lan)
        #expect(latch.report(isHeard: true, now: 2 * SourceLatch.recall + 1) == nat && latch.destination == nat)
        #expect(latch.refuse() == nil)
        // A closed port is nobody's.
        #expect(latch.report(isHeard: false, now: 2 * SourceLatch.recall + 2) == lan)
        #expect(latch.refuse() == nat && latch.destination == nat)
        // What SRTP proves ends it.
        #expect(latch.report(isHeard: false, now: 2 * SourceLatch.recall + 2) == lan)
        #expect(take(&latch, nat, isAuthentic: true, at: 2 * SourceLatch.recall + 3) == .move && latch.destination == nat)
    }

    @Test("another source takes over after silence; sooner where it goes on with the stream")
    func silence() {
        var one = latch(phone)
        _ = take(&one, phone, at: 0)
        var other = one
        #expect(take(&one, nat, at: SourceLatch.silence - 1) == .drop)
        #expect(take(&one, nat, at: SourceLatch.silence) == .move)
        #expect(take(&other, nat, continues: true, at: SourceLatch.shortSilence - 1) == .drop)
        #expect(take(&other, nat, continues: true, at: SourceLatch.shortSilence) == .move)
    }

    @Test("the silence of a phone on hold lets nobody take its place, neither then nor when it is to speak again")
    func hold() {
        var latch = latch(lan)
        #expect(take(&latch, nat, at: 0) == .move)
        let late = 10 * SourceLatch.silence
        #expect(latch.take(from: stranger, isAuthentic: false, continues: false, isExpected: false, now: late) == .drop)
        latch.resume(now: late)
        #expect(take(&latch, stranger, at: late + SourceLatch.silence - 1) == .drop)
        #expect(take(&latch, nat, at: late + SourceLatch.silence - 1) == .take && latch.destination == nat)
    }

    @Test("what SRTP proves is the phone's, wherever it comes from")
    func authentic() {
        var latch = latch(phone, mode: .fixed)
        _ = take(&latch, phone, at: 0)
        #expect(take(&latch, nat, isAuthentic: true, at: 1) == .move)
        #expect(take(&latch, stranger, at: 2) == .drop)
    }

    @Test("a fixed leg hears the signalled address only, at any time")
    func fixed() {
        var latch = latch(phone, mode: .fixed, isHidden: true)
        #expect(take(&latch, nat, at: 10 * SourceLatch.silence) == .drop)
        #expect(take(&latch, phone, at: 10 * SourceLatch.silence) == .take)
    }

    @Test("another signalled address forgets where the phone was; the same one does not")
    func changed() {
        var latch = latch(phone, isHidden: true)
        _ = take(&latch, nat, at: 1)
        latch.signal(phone, isHidden: false, now: 2)
        #expect(latch.destination == nat)
        latch.signal(stranger, isHidden: false, now: 3)
        #expect(latch.destination == stranger)
        #expect(take(&latch, nat, at: 4) == .drop)
    }

    @Test("that a phone is behind NAT is believed when it is learnt later, with the same address")
    func hiddenLater() {
        var latch = latch(phone)
        #expect(take(&latch, nat, at: 1) == .drop)
        latch.signal(phone, isHidden: true, now: 2)
        #expect(take(&latch, nat, at: 3) == .move)
    }

    @Test("addresses that other hosts cannot reach", arguments: [
        (MediaAddress(v4: 0x0a01_0203, port: 1), true), (MediaAddress(v4: 0xac10_0001, port: 1), true), (MediaAddress(v4: 0xac20_0001, port: 1), false),
        (MediaAddress(v4: 0xc0a8_0001, port: 1), true), (MediaAddress(v4: 0x6440_0001, port: 1), true), (MediaAddress(v4: 0x6480_0001, port: 1), false),
        (MediaAddress(v4: 0xa9fe_0001, port: 1), true), (MediaAddress(v4: 0x7f00_0001, port: 1), true), (MediaAddress(v4: 0x0808_0808, port: 1), false),
        (MediaAddress(high: 0xfd00_0000_0000_0000, low: 1, port: 1), true), (MediaAddress(high: 0xfe80_0000_0000_0000, low: 1, port: 1), true),
        (MediaAddress(high: 0x2001_0db8_0000_0000, low: 1, port: 1), false), (MediaAddress(high: 0, low: 1, port: 1), true),
    ])
    func privacy(address: MediaAddress, isPrivate: Bool) { #expect(address.isPrivate == isPrivate) }
}
