// The room of `HTTPServer`.
