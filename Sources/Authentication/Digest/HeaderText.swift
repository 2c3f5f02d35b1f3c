/// Writes parameters of authentication headers.
enum HeaderText {
    static func quoted(_ name: String, _ value: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text.append("\\") }
            text.append(scalar)
        }
        return "\(name)=\"\(String(text))\""
    }
}
