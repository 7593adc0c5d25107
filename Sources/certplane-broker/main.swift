runBroker()
