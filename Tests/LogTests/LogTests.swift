// LogTests
