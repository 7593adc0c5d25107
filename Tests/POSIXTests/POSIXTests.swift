// POSIXTests
