"""How long the LSTM takes beside others that compute the same, and how that grows.

`sizes` says of what, `rivals` and the files beside it by whom, `timing` how it is measured,
`worker` runs one process with a number of threads, `growth` measures slopes and memory, and
`tables` and `plot` tell the result.
"""
