import Testing

@testable import ProxyCore

@Suite("A transfer")
struct TransferTests {
    private let busy = CallEnd(status: 486, reason: "Busy Here", by: .callee)
    private let normal = CallEnd.normal(by: .caller)
    private let gone = CallEnd(status: 487, reason: "The other side has hung up", by: .gateway)

    /// A phone that is to call somebody; the new call has been made.
    private func calling(_ kind: Transfer.Kind = .phone) -> Transfer {
        var transfer = Transfer([.caller: kind])
        _ = transfer.handle(.start)
        _ = transfer.handle(.offered(.caller, "O"))
        return transfer
    }

    /// The phone has been offered the new session.
    private func moving() -> Transfer {
        var transfer = calling()
        _ = transfer.handle(.described(.caller, "A"))
        return transfer
    }

    /// A phone and another phone, of which the called one has the new session.
    private func joining() -> Transfer {
        var transfer = Transfer([.caller: .phone, .callee: .phone])
        _ = transfer.handle(.start)
        _ = transfer.handle(.offered(.caller, "O"))
        _ = transfer.handle(.described(.callee, "P"))
        _ = transfer.handle(.accepted(.callee, "A"))
        return transfer
    }

    @Test("a phone calls with its own offer, is offered the new session once the call is answered, and leaves its former call")
    func phone() {
        var transfer = Transfer([.caller: .phone])
        #expect(transfer.handle(.start) == [.askOffer(.caller)])
        #expect(
            transfer.handle(.offered(.caller, "O")) == [.makeCall, .startCall("O")])
        #expect(transfer.handle(.ringing) == [.report(.ringing)])
        #expect(transfer.handle(.ringing) == [])
        #expect(transfer.handle(.described(.caller, "A")) == [.offer(.caller, "A"), .follow(.caller)])
        #expect(transfer.isOffering(.caller) && transfer.isUnderWay)
        #expect(
            transfer.handle(.accepted(.caller, "B")) == [
                .refreshCall(.caller, "B"), .arrive(.caller), .report(.succeeded), .continueRecordings, .settle(.caller),
                .leaveFormer(.caller, .transferred), .over,
            ])
        #expect(transfer.isOver && transfer.handle(.callEnded(busy)) == [])
    }

    @Test("a browser makes an offer, and has the new session with its answer")
    func browser() {
        var transfer = calling(.browser)
        #expect(
            transfer.handle(.described(.caller, "A")) == [
                .answer(.caller, "A"), .arrive(.caller), .report(.succeeded), .continueRecordings, .settle(.caller),
                .leaveFormer(.caller, .transferred), .over,
            ])
    }

    @Test("two parties go on with each other: the called one moves first")
    func joins() {
        var transfer = Transfer([.caller: .browser, .callee: .browser])
        _ = transfer.handle(.start)
        _ = transfer.handle(.offered(.caller, "O"))
        #expect(transfer.handle(.described(.callee, "P")) == [.offer(.callee, "P")])
        #expect(
            transfer.handle(.accepted(.callee, RemoteDescription("A", trickle: true))) == [.acceptCall(RemoteDescription("A", trickle: true)), .arrive(.callee)])
        #expect(
            transfer.handle(.described(.caller, "B")) == [
                .answer(.caller, "B"), .arrive(.caller), .report(.succeeded), .continueRecordings, .settle(.caller),
                .leaveFormer(.caller, .transferred), .settle(.callee), .leaveFormer(.callee, .transferred), .over,
            ])
    }

    @Test("a caller who is no transferee: the transfer succeeds with its answer; where it made no offer, with the transferee's")
    func replaces() {
        var transfer = Transfer([.callee: .phone])
        #expect(transfer.handle(.start) == [.startCall(nil)])
        _ = transfer.handle(.described(.callee, "P"))
        _ = transfer.handle(.accepted(.callee, "A"))
        #expect(transfer.handle(.callAnswered).first == .report(.succeeded))

        var late = Transfer([.callee: .phone])
        _ = late.handle(.start)
        #expect(late.handle(.offerWanted(.callee)) == [.askOffer(.callee)])
        #expect(late.handle(.offered(.callee, "O")) == [.acceptCall("O")])
        #expect(late.handle(.callAnswered) == [])
        #expect(late.handle(.described(.callee, "A")) == [.offer(.callee, "A"), .follow(.callee)])
        #expect(late.handle(.accepted(.callee, "B")).contains(.report(.succeeded)))
    }

    @Test("the new call fails before anybody has moved: the transferee stays where it is")
    func fails() {
        var transfer = calling()
        #expect(transfer.handle(.callEnded(busy)) == [.report(.failed(busy)), .stayInFormer(.caller), .endCall(busy), .over])
    }

    @Test("the new call cannot be made, or the transferee makes no offer: nobody has moved")
    func makesNoOffer() {
        var transfer = Transfer([.caller: .browser])
        _ = transfer.handle(.start)
        #expect(transfer.handle(.rejected(.caller, busy)) == [.report(.failed(busy)), .stayInFormer(.caller), .over])
        #expect(transfer.handle(.offered(.caller, "late")) == [])
    }

    @Test("a phone that has the new session's offer answers it first, then it is offered its former session")
    func turns() {
        var transfer = moving()
        #expect(transfer.handle(.callEnded(busy)) == [.report(.failed(busy)), .followFormer(.caller), .endCall(busy)])
        #expect(transfer.isTurning(.caller) && !transfer.isUnderWay)
        #expect(transfer.handle(.accepted(.caller, "B")) == [.offerFormer(.caller)])
        #expect(
            transfer.handle(.accepted(.caller, "C")) == [.returned(.caller, answer: "C"), .stayInFormer(.caller), .over])
    }

    @Test("a phone that refuses the new session while the transfer fails has never left its former one")
    func refusesTurning() {
        var transfer = moving()
        _ = transfer.handle(.callEnded(busy))
        #expect(transfer.handle(.rejected(.caller, busy)) == [.stayInFormer(.caller), .over])
    }

    @Test("a phone that has arrived is offered its former session at once; an offer of the new session's other side is answered first")
    func givesBack() {
        var transfer = joining()
        #expect(
            transfer.handle(.callEnded(busy)) == [
                .report(.failed(busy)), .stayInFormer(.caller), .followFormer(.callee), .offerFormer(.callee), .endCall(busy),
            ])
        #expect(transfer.handle(.busy(.callee)) == [] && transfer.isTurning(.callee))
        #expect(transfer.handle(.rejected(.callee, busy)) == [.offerFormer(.callee)])
        #expect(transfer.handle(.rejected(.callee, busy)) == [.returned(.callee, answer: nil), .stayInFormer(.callee), .over])
    }

    @Test("an offer waits while the phone's dialog has another one, and not for ever")
    func waits() {
        var transfer = moving()
        #expect(transfer.handle(.busy(.caller)) == [.followFormer(.caller), .wait(.caller)])
        #expect(!transfer.isOffering(.caller))
        #expect(transfer.handle(.waited(.caller)) == [.offer(.caller, "A"), .follow(.caller)])
        for _ in 0..<(Transfer.maximumAttempts - 2) { _ = transfer.handle(.busy(.caller)) + transfer.handle(.waited(.caller)) }
        let end = CallEnd.failed(.state("the phone is busy with another offer"))
        #expect(
            transfer.handle(.busy(.caller)) == [.followFormer(.caller), .report(.failed(end)), .stayInFormer(.caller), .endCall(end), .over])
    }

    @Test("the transferor hangs up meanwhile: the transfer goes on, and the transferee ends with the new call")
    func transferorLeaves() {
        var transfer = calling()
        #expect(transfer.handle(.transferorLeft(.caller, normal)) == [.follow(.caller), .leaveFormer(.caller, normal)])
        #expect(transfer.isAlone(.caller))
        #expect(transfer.handle(.formerEnded(.caller, normal)) == [])
        #expect(transfer.handle(.callEnded(busy)) == [.report(.failed(busy)), .hangUp(.caller, busy), .endCall(busy), .over])
    }

    @Test("the transferor hangs up before there is a new call: the transferee's leg is the new call's as soon as there is one")
    func transferorLeavesEarly() {
        var transfer = Transfer([.caller: .browser])
        _ = transfer.handle(.start)
        _ = transfer.handle(.transferorLeft(.caller, normal))
        #expect(
            transfer.handle(.offered(.caller, RemoteDescription("O", trickle: true))) == [
                .makeCall, .follow(.caller), .startCall(RemoteDescription("O", trickle: true)),
            ])
        #expect(!transfer.handle(.described(.caller, "A")).contains(.leaveFormer(.caller, .transferred)), "it has left")
    }

    @Test("the transferor hangs up when the transfer has failed: the call ends as any other")
    func transferorLeavesLate() {
        var transfer = moving()
        _ = transfer.handle(.callEnded(busy))
        #expect(transfer.handle(.transferorLeft(.caller, normal)) == [.endFormer(.caller, normal)])
        #expect(transfer.handle(.formerEnded(.caller, normal)) == [.forget(.caller), .over])
    }

    @Test("the transferee hangs up: the transfer fails, its leg goes back to its call, and the other transferee returns")
    func transfereeLeaves() {
        var transfer = joining()
        _ = transfer.handle(.described(.caller, "B"))
        #expect(
            transfer.handle(.left(.caller, normal)) == [
                .followFormer(.caller), .forget(.caller), .report(.failed(gone)), .followFormer(.callee), .offerFormer(.callee),
                .endCall(normal),
            ])
        #expect(transfer.handle(.left(.callee, normal)) == [.followFormer(.callee), .forget(.callee), .over])
    }

    @Test("a phone that refuses the new session, or accepts it without a description, makes the transfer fail")
    func refuses() {
        var transfer = moving()
        #expect(
            transfer.handle(.rejected(.caller, busy)) == [
                .followFormer(.caller), .report(.failed(busy)), .stayInFormer(.caller), .endCall(busy), .over,
            ])
        var empty = moving()
        let end = CallEnd(status: 488, reason: "The phone accepted without an answer", by: .callee)
        #expect(
            empty.handle(.accepted(.caller, nil)) == [
                .report(.failed(end)), .followFormer(.caller), .offerFormer(.caller), .endCall(end),
            ])
    }
}
