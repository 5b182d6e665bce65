"""How does a decided message leave, once, or not at all?"""
