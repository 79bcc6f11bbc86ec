"""stub"""
def measure(*a): return {}
def told(x): return []
