// AgentTests
