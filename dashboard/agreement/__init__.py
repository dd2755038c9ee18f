"""How far the machine and people agree, in words for whoever runs a shop, out of the api's answer. Pure."""
