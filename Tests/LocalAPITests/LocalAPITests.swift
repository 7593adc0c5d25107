// LocalAPITests
