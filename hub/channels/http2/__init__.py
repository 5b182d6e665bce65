"""How does one request reach a provider over HTTP/2, and how surely do we know what became of it?

One connection an origin, many requests on it at once. The result is a response, or a certain failure (`NotProcessed`),
or doubt (`InDoubt`); nothing in between. Only a request that certainly was not processed is tried again here.
"""
