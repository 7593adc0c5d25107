// LifecycleTests
