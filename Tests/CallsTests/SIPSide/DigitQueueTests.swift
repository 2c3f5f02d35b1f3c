@testable import Calls
import SIP
import Testing

@Suite("Digits for a phone")
struct DigitQueueTests {
    private func digits(_ digits: String, _ duration: Int? = nil) -> [SIPDigit] {
        digits.map { SIPDigit($0, duration: duration) }
    }

    private func sends(_ digit: Character, _ order: Int, _ time: Int = 170) -> [DigitQueue.Action] {
        [.send(SIPDigit(digit, duration: time == 170 ? nil : time - DigitQueue.gap), order: order), .startTimer(time)]
    }

    @Test("each goes when the one before was answered and its time is over, in whichever order that comes")
    func paced() {
        var queue = DigitQueue()
        #expect(queue.handle(.press(digits("12"), order: 1)) == sends("1", 1))
        #expect(queue.handle(.press(digits("3", 250), order: 2)) == [])
        #expect(queue.handle(.answered(status: 200)) == [])
        #expect(queue.handle(.timeOver) == sends("2", 1))
        #expect(queue.handle(.timeOver) == [])
        #expect(queue.handle(.answered(status: 200)) == [.done(order: 1)] + sends("3", 2, 320))
        #expect(queue.handle(.answered(status: 200)) == [.done(order: 2)])
        #expect(queue.handle(.timeOver) == [])
        #expect(queue.handle(.press(digits("4"), order: 3)) == sends("4", 3))
    }

    @Test("a digit that is refused ends its order, and the next order goes on")
    func refused() {
        var queue = DigitQueue()
        _ = queue.handle(.press(digits("123"), order: 1))
        _ = queue.handle(.press(digits("9"), order: 2))
        _ = queue.handle(.timeOver)
        #expect(queue.handle(.answered(status: 415)) == [.failed(order: 1, status: 415)] + sends("9", 2))
    }

    @Test("only so many wait")
    func bounded() {
        var queue = DigitQueue()
        for order in 1...4 { _ = queue.handle(.press(digits(String(repeating: "1", count: 64)), order: order)) }
        #expect(queue.handle(.press(digits("22"), order: 5)) == [.refused(order: 5)])
        #expect(queue.handle(.press(digits("2"), order: 6)) == [])
    }

    @Test("an answer, or a time, of nothing is ignored")
    func stray() {
        var queue = DigitQueue()
        #expect(queue.handle(.answered(status: 200)) == [] && queue.handle(.timeOver) == [])
        #expect(queue.handle(.press(digits("1"), order: 1)) == sends("1", 1))
    }
}
