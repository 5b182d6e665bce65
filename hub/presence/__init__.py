"""In which zone is a tag?"""
