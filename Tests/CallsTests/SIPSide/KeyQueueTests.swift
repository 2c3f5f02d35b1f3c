@testable import Calls
import SIP
import Testing

@Suite("Keys for a phone")
struct KeyQueueTests {
    private func keys(_ digits: String, _ duration: Int? = nil) -> [SIPKeyPress] {
        digits.map { SIPKeyPress(key: $0, duration: duration) }
    }

    private func sends(_ digit: Character, _ order: Int, _ time: Int = 170) -> [KeyQueue.Action] {
        [.send(SIPKeyPress(key: digit, duration: time == 170 ? nil : time - KeyQueue.gap), order: order), .startTimer(time)]
    }

    @Test("each goes when the one before was answered and its time is over, in whichever order that comes")
    func paced() {
        var queue = KeyQueue()
        #expect(queue.handle(.press(keys("12"), order: 1)) == sends("1", 1))
        #expect(queue.handle(.press(keys("3", 250), order: 2)) == [])
        #expect(queue.handle(.answered(status: 200)) == [])
        #expect(queue.handle(.timeOver) == sends("2", 1))
        #expect(queue.handle(.timeOver) == [])
        #expect(queue.handle(.answered(status: 200)) == [.done(order: 1)] + sends("3", 2, 320))
        #expect(queue.handle(.answered(status: 200)) == [.done(order: 2)])
        #expect(queue.handle(.timeOver) == [])
        #expect(queue.handle(.press(keys("4"), order: 3)) == sends("4", 3))
    }

    @Test("a key that is refused ends its order, and the next order goes on")
    func refused() {
        var queue = KeyQueue()
        _ = queue.handle(.press(keys("123"), order: 1))
        _ = queue.handle(.press(keys("9"), order: 2))
        _ = queue.handle(.timeOver)
        #expect(queue.handle(.answered(status: 415)) == [.failed(order: 1, status: 415)] + sends("9", 2))
    }

    @Test("only so many wait")
    func bounded() {
        var queue = KeyQueue()
        for order in 1...4 { _ = queue.handle(.press(keys(String(repeating: "1", count: 64)), order: order)) }
        #expect(queue.handle(.press(keys("22"), order: 5)) == [.refused(order: 5)])
        #expect(queue.handle(.press(keys("2"), order: 6)) == [])
    }

    @Test("an answer, or a time, of nothing is ignored")
    func stray() {
        var queue = KeyQueue()
        #expect(queue.handle(.answered(status: 200)) == [] && queue.handle(.timeOver) == [])
        #expect(queue.handle(.press(keys("1"), order: 1)) == sends("1", 1))
    }
}
