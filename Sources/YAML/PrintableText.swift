extension String {
    /// The text for one line of a message: whatever could break the line or steer a terminal is replaced.
    public var printable: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: unicodeScalars.map(\.printable))
        return String(view)
    }
}

extension Unicode.Scalar {
    var printable: Unicode.Scalar {
        switch properties.generalCategory {
        case .control where self == "\t": " "
        case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
        default: self
        }
    }
}
