"""Opens the first address that it is told, as a browser would, and says what the last page says."""
import sys
import urllib.request

for line in sys.stdin:
    if line.startswith("http"):
        with urllib.request.urlopen(line.strip()) as page:
            print(page.read().decode().split("<p>")[1].split("</p>")[0])
