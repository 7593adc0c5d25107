let openAPIDocument = #"""
    {}
    """#
