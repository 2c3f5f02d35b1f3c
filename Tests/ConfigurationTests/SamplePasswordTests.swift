@testable import Configuration
import Testing

@Suite struct SamplePasswordTests {
    private func problems(_ text: String) -> [ConfigurationProblem] {
        do throws(TernConfigurationError) {
            _ = try ConfigurationReader.load(text: text, host: .usual)
            return []
        } catch {
            return error.problems
        }
    }

    @Test(
        "sample users are refused when a listener can be reached from elsewhere",
        arguments: [
            "sip: {listen: [udp:0.0.0.0:5060]}", "sip: {listen: [udp:127.0.0.1:5060, 'tcp:[::]:5060']}",
            "http: {listen: 192.0.2.1:8080}",
        ])
    func refused(text: String) {
        let problems = problems(text)
        #expect(problems.map(\.key) == ["users"])
        #expect(problems.allSatisfy { $0.reason.contains("sample users") && $0.reason.contains("127.0.0.1") })
    }

    @Test("a sample password under another name is refused too, where it stands")
    func renamed() {
        let problems = problems("http: {listen: 0.0.0.0:80}\nusers:\n  - name: carol\n    password: wonderland\n")
        #expect(problems.map(\.origin) == [.file(path: "tern.yaml", line: 4, column: 15)])
        #expect(problems.map(\.key) == ["users[0].password"])
    }

    @Test("hashes of a sample password are refused too")
    func hashed() throws {
        let entry = try UserEntry(name: "carol", realm: "r", password: Secret("builder")).text
        let problems = problems("sip: {realm: r}\nhttp: {listen: 0.0.0.0:80}\nusers:\n\(entry)\n")
        #expect(problems.map(\.key) == ["users[0].ha1"])
    }

    @Test(
        "loopback addresses, own passwords and no users are fine",
        arguments: [
            "sip: {listen: [udp:127.0.0.2:5060, 'tcp:[::1]:5060']}\nhttp: {listen: '[::1]:80'}",
            "http: {listen: 0.0.0.0:80}\nusers: [{name: alice, password: her own}]",
            "http: {listen: 0.0.0.0:80}\nusers: []",
        ])
    func accepted(text: String) {
        #expect(problems(text).isEmpty)
    }

    @Test("a password that will be guessed is a warning where a listener can be reached from elsewhere")
    func weak() throws {
        let users = "users: [{name: a, password: '1234567'}, {name: carolcarol, password: carolcarol}, {name: b, password: '12345678'}]"
        let warnings = try ConfigurationReader.load(text: "http: {listen: 0.0.0.0:80}\n" + users, host: .usual).warnings
        #expect(warnings.map(\.key) == ["users[0].password", "users[1].password"])
        #expect(warnings.allSatisfy { !$0.reason.contains("1234567") })
        #expect(try ConfigurationReader.load(text: users, host: .usual).warnings.isEmpty)
    }

    @Test("a secret neither prints nor dumps, and compares whole")
    func secret() {
        let user = GatewayConfiguration.User(name: "carol", password: Secret("hidden"))
        var dumped = ""
        dump(user, to: &dumped)
        #expect(!dumped.contains("hidden") && !"\(user)".contains("hidden"))
        #expect(Secret("abc").matches("abc"))
        for wrong in ["", "ab", "abd", "abcabc", "abcd"] { #expect(!Secret("abc").matches(wrong)) }
        #expect(!Secret("").matches("x"))
    }
}
